"""How soon one can type: chatty's client against the smallest Textual app with an input, in one run.

    python benchmarks/tui_start.py [--rounds 7]

The real program talks to a local server that runs already. Both are started in a pseudo-terminal of
120x40 with bytecode present, in turns. Measured: the milliseconds until the input's prompt is on the
screen, and until a key sent then is. Results are ratios of medians, written with the machine's name to
benchmarks/results/.
"""

import argparse
import json
import os
import platform
import select
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from chatty.protocol.ids import new_id  # noqa: E402  # the path comes first
from tests.client.homes import Home  # noqa: E402

LIMIT = 1.5
DEADLINE_SECONDS = 20.0

MINIMAL = """
from textual.app import App
from textual.widgets import Input

class Minimal(App):
    def compose(self):
        yield Input(placeholder="Ask anything")

Minimal().run()
"""


class Screen:
    """A program in a pseudo-terminal and what it shows."""

    def __init__(self, arguments: list[str], extra: Mapping[str, str]) -> None:
        inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment = {**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor", **extra}
        self.started_at = time.perf_counter()
        self._child = pexpect.spawn(
            arguments[0], arguments[1:], dimensions=(40, 120), env=environment, cwd=str(ROOT)
        )
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)

    def milliseconds_until(self, text: str) -> float:
        """From the start of the program until the text is on the screen."""
        deadline = time.perf_counter() + DEADLINE_SECONDS
        while time.perf_counter() < deadline:
            if select.select([self._child.child_fd], [], [], 0.2)[0]:
                self._stream.feed(os.read(self._child.child_fd, 65536))
            if any(text in line for line in self._screen.display):
                return (time.perf_counter() - self.started_at) * 1000
        raise TimeoutError(f"{text!r} did not appear")

    def send(self, text: str) -> None:
        """Press keys."""
        self._child.send(text)

    def close(self) -> None:
        """End the program."""
        self._child.close(force=True)


def measure(arguments: list[str], extra: Mapping[str, str]) -> tuple[float, float]:
    """Milliseconds until the prompt is drawn and until a key pressed then is seen."""
    screen = Screen(arguments, extra)
    try:
        drawn = screen.milliseconds_until("sk anything")
        screen.send("~zq")
        return drawn, screen.milliseconds_until("~zq")
    finally:
        screen.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        minimal = Path(directory) / "minimal.py"
        minimal.write_text(MINIMAL)
        programs = {
            "minimal": [sys.executable, str(minimal)],
            "chatty": [sys.executable, "-m", "chatty"],
        }
        home = Home(directory)
        # The server is there before anything is measured, and it is not the first visit.
        home.one_shot().call("conversation.create", {"id": new_id()}, timeout_seconds=60)
        for arguments in programs.values():
            measure(arguments, home.environ)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
        for _ in range(rounds):
            for name, arguments in programs.items():
                # What the last round typed would be back as a draft.
                shutil.rmtree(home.locations.drafts_dir, ignore_errors=True)
                taken[name].append(measure(arguments, home.environ))
        home.clean_up()
    drawn = {name: statistics.median(value for value, _ in pairs) for name, pairs in taken.items()}
    ready = {name: statistics.median(value for _, value in pairs) for name, pairs in taken.items()}
    result = {
        "machine": platform.node(),
        "python": platform.python_version(),
        "rounds": rounds,
        "drawn_ms": drawn,
        "ready_ms": ready,
        "drawn_ratio": round(drawn["chatty"] / drawn["minimal"], 2),
        "ready_ratio": round(ready["chatty"] / ready["minimal"], 2),
        "limit": LIMIT,
    }
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "tui_start.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0 if result["ready_ratio"] <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
