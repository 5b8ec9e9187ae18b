"""Opening 10,000 messages: from the choice of the conversation to the painted screen, in one run.

    python benchmarks/tui_open_large.py [--rounds 9]

The real program on a headless screen of 120x40, with a real server beside it, opens conversations of 20 and
of 10,000 messages that were imported. Measured: milliseconds to the painted text, to a hit of the search in
the middle of the large one, the size of what the server sends, and the memory of a program that has done it,
against one that has opened only the small one.
The yardstick is the smallest Textual app showing forty new lines of text.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Static

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chatty.client.updates import LinkState  # noqa: E402  # the path comes first
from chatty.protocol.ids import new_id  # noqa: E402
from chatty.tui.app import ChattyApp  # noqa: E402
from chatty.tui.starting import make_app  # noqa: E402
from tests.client.homes import Home  # noqa: E402
from tests.tui.scenes import RETRY  # noqa: E402

LIMIT_MS = 300.0
LIMIT_MEMORY_RATIO = 2.0
SIZE = (120, 40)
COUNTS = (20, 10_000)


class Minimal(App[None]):
    """The yardstick: one text."""

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)


def conversation(count: int) -> dict[str, object]:
    """So many messages in a row, as `conversation.import` takes them."""
    ids = [new_id() for _ in range(count)]
    at = "2026-01-01T12:00:00.000Z"
    messages = [
        {
            "id": ids[n],
            **({"parent_id": ids[n - 1]} if n else {}),
            "role": "assistant" if n % 2 else "user",
            "status": "completed",
            "created_at": at,
            "parts": [{"type": "text", "text": RETRY if n % 2 else f"Question {n}?"}],
        }
        for n in range(count)
    ]
    return {"id": new_id(), "title": f"{count}", "created_at": at, "leaf": ids[-1], "messages": messages}


async def drawn_text(
    app: App[None], change: Callable[[], None], text: str = "Use one reading per turn"
) -> float:
    """Milliseconds from the change until this text of the transcript has been drawn."""
    drawn = asyncio.Event()
    transcript = app.screen.query_one("#transcript")
    render_line = transcript.render_line

    def seen(y: int) -> object:
        strip = render_line(y)
        if text in strip.text:
            app.screen.call_after_refresh(drawn.set)
        return strip

    transcript.render_line = seen  # type: ignore[method-assign, assignment]  # a probe
    started_at = time.perf_counter()
    change()
    await asyncio.wait_for(drawn.wait(), 30)
    transcript.render_line = render_line  # type: ignore[method-assign]
    return (time.perf_counter() - started_at) * 1000


async def minimal_ms(rounds: int) -> float:
    taken = []
    for _ in range(rounds + 1):
        app = Minimal()
        async with app.run_test(size=SIZE):
            done = asyncio.Event()
            text = "\n".join(f"{n} " + "words of an answer " * 4 for n in range(40))
            started_at = time.perf_counter()
            app.query_one(Static).update(text)
            app.screen.call_after_refresh(done.set)
            await done.wait()
            taken.append((time.perf_counter() - started_at) * 1000)
    return statistics.median(taken[1:])


def real_app(home: Home) -> ChattyApp:
    return make_app(home.environ, server=None, conversation=None, project=None, model="guide")


async def open_ms(app: ChattyApp, conversation_id: str) -> float:
    app._backend.new_conversation()
    await asyncio.sleep(0.1)
    return await drawn_text(app, lambda: app._backend.open_conversation(conversation_id))


async def jump_ms(app: ChattyApp, exported: dict[str, object]) -> float:
    """From the choice of a hit in the middle of a conversation that is not open to its text."""
    app._backend.new_conversation()
    await asyncio.sleep(0.1)
    messages = exported["messages"]
    assert isinstance(messages, list)
    middle = len(messages) // 2
    conversation_id, message_id = str(exported["id"]), messages[middle]["id"]
    return await drawn_text(
        app, lambda: app._backend.open_conversation(conversation_id, message_id), f"Question {middle}?"
    )


async def jumping_ms(home: Home, exported: dict[str, object], rounds: int) -> float:
    app = real_app(home)
    async with app.run_test(size=SIZE):
        await online(app)
        return statistics.median([await jump_ms(app, exported) for _ in range(rounds + 1)][1:])


async def online(app: ChattyApp) -> None:
    while app._store.link.kind != "well":  # noqa: ASYNC110 - the store tells its painter, and nobody else
        await asyncio.sleep(0.01)


async def opening_ms(home: Home, ids: dict[int, str], rounds: int) -> dict[int, float]:
    app = real_app(home)
    taken: dict[int, list[float]] = {count: [] for count in ids}
    async with app.run_test(size=SIZE):
        await online(app)
        for _ in range(rounds + 1):
            for count, conversation_id in ids.items():
                taken[count].append(await open_ms(app, conversation_id))
    return {count: statistics.median(values[1:]) for count, values in taken.items()}


async def answer_figures(home: Home, conversation_id: str) -> dict[str, float]:
    """What the answer to the subscription costs alone: milliseconds, and its size."""
    async with home.client() as client:
        await client.wait_online()
        assert client.state is LinkState.ONLINE
        taken = []
        for _ in range(6):
            started_at = time.perf_counter()
            answer = await client.call("conversation.subscribe", {"conversation_id": conversation_id})
            taken.append((time.perf_counter() - started_at) * 1000)
            await client.call("conversation.unsubscribe", {"conversation_id": conversation_id})
    return {
        "ms": round(statistics.median(taken[1:]), 1),
        "bytes": len(json.dumps(answer, separators=(",", ":"))),
    }


async def open_once(home: Home, conversation_id: str) -> None:
    """Open one conversation and print the memory this process then holds, in bytes."""
    app = real_app(home)
    async with app.run_test(size=SIZE):
        await online(app)
        await open_ms(app, conversation_id)
        await asyncio.sleep(0.5)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    print(pages * os.sysconf("SC_PAGE_SIZE"))


def memory_bytes(directory: str, conversation_id: str) -> int:
    """Resident memory of a fresh program that has opened the conversation."""
    command = [sys.executable, __file__, "--once", directory, conversation_id]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


async def measured(value: Awaitable[float]) -> float:
    return round(await value, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--once", nargs=2, metavar=("HOME", "CONVERSATION"))
    options = parser.parse_args()
    if options.once:
        asyncio.run(open_once(Home(options.once[0]), options.once[1]))
        return 0
    with tempfile.TemporaryDirectory() as directory:
        home = Home(directory)
        try:
            return measure_all(home, directory, options.rounds)
        finally:
            home.clean_up()


def measure_all(home: Home, directory: str, rounds: int) -> int:
    ids: dict[int, str] = {}
    exported: dict[str, object] = {}
    for count in COUNTS:
        exported = conversation(count)
        made = home.one_shot().call("conversation.import", {"conversation": exported}, timeout_seconds=120)
        ids[count] = made["conversation_id"]
    minimal = asyncio.run(measured(minimal_ms(rounds)))
    opened = asyncio.run(opening_ms(home, ids, rounds))
    memory = {count: memory_bytes(directory, found) for count, found in ids.items()}
    small, large = COUNTS
    result = {
        "machine": platform.node(),
        "python": platform.python_version(),
        "minimal_ms": minimal,
        "opened_ms": {str(count): round(value, 1) for count, value in opened.items()},
        "jumped_ms": asyncio.run(measured(jumping_ms(home, exported, rounds))),
        "answer": {str(count): asyncio.run(answer_figures(home, found)) for count, found in ids.items()},
        "memory_mib": {str(count): round(value / 2**20, 1) for count, value in memory.items()},
        "memory_ratio": round(memory[large] / memory[small], 2),
        "limit_ms": LIMIT_MS,
        "limit_memory_ratio": LIMIT_MEMORY_RATIO,
    }
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "tui_open_large.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    is_within = opened[large] <= LIMIT_MS and memory[large] / memory[small] <= LIMIT_MEMORY_RATIO
    return 0 if is_within else 1


if __name__ == "__main__":
    raise SystemExit(main())
