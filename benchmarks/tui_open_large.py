"""Opening 10,000 messages: from the key to the painted screen, and the memory of the program after it.

    python -m benchmarks.tui_open_large [--rounds 9]

The real program in a terminal, its real server beside it, and two conversations that were imported: one of
20 messages and one of 10,000. Measured from outside: the milliseconds from enter on a conversation of the
side bar until its last message is on the screen, from enter on a hit of the search until the message in the
middle is, and the memory of the program once it has done that. The yardsticks are the
smallest Textual app with an input showing a screenful of new text, and its memory.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence

from benchmarks.minimal_app import MARK
from benchmarks.report import Goal, conclude
from benchmarks.terminals import CHATTY, Program, memory_mib
from chatty.protocol.ids import new_id
from tests.client.homes import Home
from tests.tui.scenes import RETRY

COUNTS = (20, 10_000)
SETTLED_SECONDS = 0.4
HIT = "1 message"
"""What the search says below its list when it has found one."""
MINIMAL = (sys.executable, "-m", "benchmarks.minimal_app")


def conversation(count: int) -> dict[str, object]:
    """So many messages in a row, as `conversation.import` takes them."""
    ids = [new_id() for _ in range(count)]
    at = "2026-01-01T12:00:00.000Z"

    def text(number: int) -> str:
        if number == count - 1:
            return f"{RETRY}\nlast-of-{count}"
        return RETRY if number % 2 else f"question-{number}-of-{count}"

    messages = [
        {
            "id": ids[n],
            **({"parent_id": ids[n - 1]} if n else {}),
            "role": "assistant" if n % 2 else "user",
            "status": "completed",
            "created_at": at,
            "parts": [{"type": "text", "text": text(n)}],
        }
        for n in range(count)
    ]
    return {
        "id": new_id(),
        "title": f"Chat of {count}",
        "created_at": at,
        "leaf": ids[-1],
        "messages": messages,
    }


def milliseconds(program: Program, keys: str, text: str) -> float:
    """From these keys until this text, which is not on the screen, is."""
    program.settle(SETTLED_SECONDS)
    if program.shows(text):
        raise SystemExit(f"{text} is on the screen before it is asked for")
    began = time.perf_counter()
    program.send(keys)
    return (program.until_shown(text) - began) * 1000


def opened_ms(program: Program, count: int) -> float:
    """Choose the conversation in the side bar, from an empty screen."""
    program.send("\x0e")  # ^n: a new conversation
    program.settle(SETTLED_SECONDS)
    program.send(f"\x0fChat of {count}")  # ^o: the side bar, which takes words to filter by
    return milliseconds(program, "\r", f"last-of-{count}")


def jumped_ms(program: Program, count: int) -> float:
    """Jump to the hit in the middle of the conversation, from an empty screen."""
    wanted = f"question-{count // 2}-of-{count}"
    program.send("\x0e")
    program.settle(SETTLED_SECONDS)
    program.send(f'/search "{wanted.replace("-", " ")}"\r')
    program.until_shown(HIT)
    program.settle(SETTLED_SECONDS)
    began = time.perf_counter()
    program.send("\r")
    # The hit quotes the message: it is shown when the list is gone and the words are there.
    jumped = program.until(lambda: program.shows(wanted) and not program.shows(HIT), wanted)
    return (jumped - began) * 1000


def minimal_figures(rounds: int) -> tuple[float, float]:
    """Return the milliseconds until the smallest app shows new text, and its memory in MiB."""
    taken, memory = [], []
    for _ in range(rounds):
        with Program(MINIMAL, {}) as program:
            program.until_shown("sk anything")
            taken.append(milliseconds(program, "\r", MARK))
            program.settle(SETTLED_SECONDS)
            memory.append(memory_mib(program.pid))
    return statistics.median(taken), statistics.median(memory)


def chatty_figures(home: Home, count: int, rounds: int) -> dict[str, object]:
    """What the program takes for a conversation of that many messages, in a process of its own."""
    with Program((*CHATTY, "-m", "guide"), home.environ) as program:
        program.until_shown("sk anything")
        program.until_shown(f"Chat of {count}")
        opened = [opened_ms(program, count) for _ in range(rounds + 1)]
        jumped = [jumped_ms(program, count) for _ in range(3)] if count == COUNTS[-1] else []
        program.settle(SETTLED_SECONDS)
        return {
            "opened_ms": round(statistics.median(opened[1:]), 1),
            "opened_first_ms": round(opened[0], 1),
            "opened_max_ms": round(max(opened), 1),
            "jumped_ms": round(statistics.median(jumped), 1) if jumped else None,
            "memory_mib": round(memory_mib(program.pid), 1),
        }


async def answer_figures(home: Home, conversation_id: str) -> dict[str, float]:
    """What the answer to the subscription costs alone: milliseconds, and its size."""
    taken = []
    async with home.client() as client:
        await client.wait_online()
        for _ in range(6):
            began = time.perf_counter()
            answer = await client.call("conversation.subscribe", {"conversation_id": conversation_id})
            taken.append((time.perf_counter() - began) * 1000)
            await client.call("conversation.unsubscribe", {"conversation_id": conversation_id})
    return {
        "ms": round(statistics.median(taken[1:]), 1),
        "bytes": len(json.dumps(answer, separators=(",", ":"))),
    }


def measure(home: Home, counts: Sequence[int], rounds: int) -> int:
    """Import, open, compare."""
    ids = {}
    for count in counts:
        made = home.one_shot().call(
            "conversation.import", {"conversation": conversation(count)}, timeout_seconds=120
        )
        ids[count] = made["conversation_id"]
    minimal_ms, minimal_mib = minimal_figures(3)
    taken = {count: chatty_figures(home, count, rounds) for count in counts}
    largest = taken[counts[-1]]
    opened, memory = largest["opened_ms"], largest["memory_mib"]
    assert isinstance(opened, float)
    assert isinstance(memory, float)
    figures = {
        "rounds": rounds,
        "minimal_ms": round(minimal_ms, 1),
        "minimal_memory_mib": round(minimal_mib, 1),
        "chatty": {str(count): found for count, found in taken.items()},
        "answer": {str(count): asyncio.run(answer_figures(home, found)) for count, found in ids.items()},
    }
    goals = [
        Goal(f"{counts[-1]} messages, from the key to painted, ms", opened, at_most=300),
        Goal(
            "memory against the smallest Textual app with an input", round(memory / minimal_mib, 2), at_most=2
        ),
    ]
    print(json.dumps(figures, indent=2))
    return conclude("tui_open_large", figures, goals)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        home = Home(directory)
        try:
            return measure(home, COUNTS, options.rounds)
        finally:
            home.clean_up()


if __name__ == "__main__":
    sys.exit(main())
