"""How soon one can type: chatty's client against the smallest Textual app with an input, in one run.

    python -m benchmarks.tui_start [--rounds 7]

The real program talks to a local server that runs already. Both are started in a pseudo-terminal with
bytecode present, in turns. Measured: the milliseconds until the input's prompt is on the screen, and until a
key sent then is. In rounds of their own somebody types from the first instant on, a key every ten
milliseconds before there is anything to see: every one of them must be in the input, in order.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from benchmarks.report import Goal, conclude
from benchmarks.terminals import CHATTY, Program
from chatty.protocol.ids import new_id
from tests.client.homes import Home

MINIMAL = (sys.executable, "-m", "benchmarks.minimal_app")
PROMPT = "sk anything"
EARLY = "abcdefghijklmnopqrstuvwxyz" * 3
EARLY_SECONDS = 0.01
GRACE_SECONDS = 5.0
"""How long a key may take to be seen before it counts as lost."""


def timed(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Milliseconds until the prompt is drawn and until a key pressed then is seen."""
    with Program(arguments, environ) as program:
        drawn = program.until_shown(PROMPT)
        program.send("~zq")
        seen = program.until_shown("~zq")
        return (drawn - program.started_at) * 1000, (seen - program.started_at) * 1000


def lost_keys(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Type from the start on; return how many of the keys are not in the input, or not in their place."""
    with Program(arguments, environ) as program:
        for number, key in enumerate(EARLY):
            due = program.started_at + number * EARLY_SECONDS
            while (left := due - time.perf_counter()) > 0:
                program.read(left)
            program.send(key)
        end = time.perf_counter() + GRACE_SECONDS
        while (found := max(map(typed_in, program.lines))) < len(EARLY) and time.perf_counter() < end:
            program.read(0.1)
        return len(EARLY) - found


def typed_in(line: str) -> int:
    """Return how many of the keys, from the first on, a line of the screen holds."""
    return next(size for size in range(len(EARLY), -1, -1) if EARLY[:size] in line)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        home = Home(directory)
        try:
            return measure(home, options.rounds)
        finally:
            home.clean_up()


def measure(home: Home, rounds: int) -> int:
    """Start both, in turns; the server is there before, and it is not the first visit."""
    home.one_shot().call("conversation.create", {"id": new_id()}, timeout_seconds=60)
    programs = {"minimal": MINIMAL, "chatty": CHATTY}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    lost: dict[str, list[int]] = {name: [] for name in programs}

    def afresh() -> None:
        # What the last round typed would be back as a draft.
        shutil.rmtree(home.locations.drafts_dir, ignore_errors=True)

    for number in range(rounds + 1):
        for name, arguments in programs.items():
            afresh()
            pair = timed(arguments, home.environ)
            if number:  # the first round compiles
                taken[name].append(pair)
    for _ in range(rounds):
        for name, arguments in programs.items():
            afresh()
            lost[name].append(lost_keys(arguments, home.environ))
    drawn = {name: statistics.median(value for value, _ in pairs) for name, pairs in taken.items()}
    ready = {name: statistics.median(value for _, value in pairs) for name, pairs in taken.items()}
    figures = {
        "rounds": rounds,
        "drawn_ms": {name: round(value, 1) for name, value in drawn.items()},
        "ready_ms": {name: round(value, 1) for name, value in ready.items()},
        "drawn_ratio": round(drawn["chatty"] / drawn["minimal"], 2),
        "ready_ratio": round(ready["chatty"] / ready["minimal"], 2),
        "keys_typed_early": rounds * len(EARLY),
        "early_keys_lost": {name: sum(values) for name, values in lost.items()},
    }
    print(json.dumps(figures, indent=2))
    goals = [
        Goal(
            "ready to type, against the smallest Textual app",
            round(ready["chatty"] / ready["minimal"], 2),
            at_most=1.5,
        ),
        Goal("keys typed early that were lost", sum(lost["chatty"]), at_most=0),
    ]
    return conclude("tui_start", figures, goals)


if __name__ == "__main__":
    sys.exit(main())
