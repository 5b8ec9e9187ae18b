"""Opening a conversation of 10,000 messages: from the snapshot's arrival to the painted screen, in one run.

    python benchmarks/tui_open_large.py [--rounds 9]

Three things are opened on a headless screen of 120x40: a conversation of 20 messages, one of 10,000 of
which fifty are loaded (what a server sends), and one of 10,000 all loaded. The yardstick is the smallest
Textual app showing forty new lines of text. Results go to benchmarks/results/ with the machine's name.
"""

import argparse
import asyncio
import json
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Static

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chatty.tui.app import ChattyApp  # noqa: E402  # the path comes first
from chatty.tui.store import Store  # noqa: E402
from chatty.tui.wire import Frame  # noqa: E402
from tests.tui.fake_backend import FakeBackend  # noqa: E402
from tests.tui.scenes import numbered, snapshot  # noqa: E402

LIMIT_MS = 300.0
SIZE = (120, 40)


class Minimal(App[None]):
    """The yardstick: one text."""

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)


def conversation(count: int, loaded: int) -> Frame:
    """A snapshot of so many messages, the last of them loaded."""
    messages = [numbered(n, 1_790_000_000_000) for n in range(count - loaded + 1, count + 1)]
    tree: list[Frame] = [
        {"id": f"m{n}", "parent_id": f"m{n - 1}" if n > 1 else None, "created_seq": n}
        for n in range(1, count + 1)
    ]
    return snapshot(messages, tree=tree)


async def painted(app: App[None]) -> None:
    """Return once everything asked for so far is on the screen."""
    done = asyncio.Event()
    app.screen.call_after_refresh(done.set)
    await asyncio.wait_for(done.wait(), 20)


async def timed(app: App[None], change: Callable[[], None]) -> float:
    """Milliseconds from the change to the painted screen."""
    started_at = time.perf_counter()
    change()
    await painted(app)
    return (time.perf_counter() - started_at) * 1000


async def minimal_ms() -> float:
    app = Minimal()
    async with app.run_test(size=SIZE):
        text = "\n".join(f"{n} " + "words of an answer " * 4 for n in range(40))
        return await timed(app, lambda: app.query_one(Static).update(text))


async def opening_ms(frame: Frame) -> float:
    store = Store("me")
    app = ChattyApp(store, FakeBackend(store))
    async with app.run_test(size=SIZE) as pilot:
        store.open_empty("before")
        await pilot.pause()
        drawn = asyncio.Event()
        transcript = app.screen.query_one("#transcript")
        render_line = transcript.render_line

        def seen(y: int) -> object:
            strip = render_line(y)
            if strip.text.strip():
                app.screen.call_after_refresh(drawn.set)
            return strip

        transcript.render_line = seen  # type: ignore[method-assign, assignment]  # a probe
        started_at = time.perf_counter()
        store.apply_snapshot(frame)
        await asyncio.wait_for(drawn.wait(), 20)
        return (time.perf_counter() - started_at) * 1000


async def median_ms(rounds: int, measure: Callable[[], Awaitable[float]]) -> float:
    await measure()
    return statistics.median([await measure() for _ in range(rounds)])


async def measure_all(rounds: int) -> dict[str, float]:
    frames = {
        "20 messages": conversation(20, 20),
        "10,000 messages, 50 loaded": conversation(10_000, 50),
        "10,000 messages, all loaded": conversation(10_000, 10_000),
    }
    taken = {"minimal": await median_ms(rounds, minimal_ms)}
    for name, frame in frames.items():
        taken[name] = await median_ms(rounds, lambda frame=frame: opening_ms(frame))  # type: ignore[misc]  # bound now
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    taken = asyncio.run(measure_all(parser.parse_args().rounds))
    result = {
        "machine": platform.node(),
        "python": platform.python_version(),
        "ms": {name: round(value, 1) for name, value in taken.items()},
        "ratio_to_minimal": {name: round(value / taken["minimal"], 1) for name, value in taken.items()},
        "limit_ms": LIMIT_MS,
    }
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "tui_open_large.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0 if taken["10,000 messages, 50 loaded"] <= LIMIT_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
