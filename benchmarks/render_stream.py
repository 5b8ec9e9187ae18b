"""What drawing a streaming reply costs: our lines against Textual's own Markdown stream, in one run.

    python -m benchmarks.render_stream [--tokens 5000] [--rate 500] [--rounds 3]

Two minimal Textual apps, each in a real pseudo-terminal of its own and one after the other, receive the
same Markdown with code, ten tokens at a time. `lines` keeps `chatty.rendering` lines in one widget and draws
the visible ones 20 times a second; `markdown` feeds `Markdown.get_stream`. The figure is the CPU time of the
process from the first token until it has drawn the last; the ratio is of the medians.
"""

import argparse
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from pathlib import Path

from benchmarks.render_stream_apps import run_app
from benchmarks.report import save

COLUMNS, ROWS = 120, 40
CHARACTERS_PER_TOKEN = 4
TIME_LIMIT_SECONDS = 120

_SECTION = '''## {n}. Reading the clock once

The retry loop reads the clock **twice**: once for the deadline and once for the sleep. When the second read
falls into the next tick, the loop sleeps past its own deadline, and the test sees *four* attempts instead of
five. See `conftest.py` and [the notes](https://docs.example.org/retry/{n}) for the longer story.

1. give the fixture function scope,
2. read the clock once per turn and keep the value,
3. cap the sleep by what is left:
   - never below zero,
   - never above `max_delay`.

```python
def retry(attempt, clock, sleep, timeout={n}):
    """Call `attempt` until it succeeds or the time is up.

    The clock is read once per turn.
    """
    deadline = clock() + timeout  # read once
    delay = 0.05
    while (now := clock()) < deadline:
        if attempt():
            return True
        sleep(min(delay, deadline - now))
        delay = min(delay * 2, {n}.0)
    return False
```

| case | attempts | seconds |
|---|---:|---:|
| fast runner | 5 | 0.{n} |
| slow runner | 4 | 1.{n} |

> The second reading is the whole bug. Everything else in the report follows from it.

'''


def reply(tokens: int) -> str:
    """Return Markdown of that many tokens, at four characters a token."""
    size = tokens * CHARACTERS_PER_TOKEN
    sections = (_SECTION.replace("{n}", str(number)) for number in range(1, size // len(_SECTION) + 3))
    return "".join(sections)[:size]


def in_terminal(arguments: list[str]) -> int:
    """Run this program with the arguments in a pseudo-terminal; return how many bytes it wrote."""
    primary, secondary = pty.openpty()
    ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    command = [sys.executable, "-m", "benchmarks.render_stream", *arguments]
    process = subprocess.Popen(
        command, stdin=secondary, stdout=secondary, stderr=secondary, env=environment, start_new_session=True
    )
    os.close(secondary)
    try:
        return _read_to_end(primary, time.monotonic() + TIME_LIMIT_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(primary)


def _read_to_end(terminal: int, deadline: float) -> int:
    written = 0
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            try:
                written += len(os.read(terminal, 65536))
            except OSError:  # the app closed its side: it is done
                return written
    raise TimeoutError("the app did not end")


def measure(name: str, tokens: int, rate: float) -> dict[str, float]:
    """Run one app; return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "figures.json")
        sizes = ["--tokens", str(tokens), "--rate", str(rate)]
        written = in_terminal(["--app", name, "--result", str(result), *sizes])
        figures: dict[str, float] = json.loads(result.read_text(encoding="utf-8"))
    return {**figures, "terminal_bytes": written}


def compare(tokens: int, rate: float, rounds: int) -> dict[str, object]:
    """Run both apps in turn; return all runs and the ratio of the medians."""
    load_before = os.getloadavg()[0]  # on a busy machine the other app draws less, which flatters it
    runs: dict[str, list[dict[str, float]]] = {"lines": [], "markdown": []}
    for _ in range(rounds):
        for name, taken in runs.items():
            taken.append(measure(name, tokens, rate))
            print(f"{name:9} {taken[-1]}")
    median = {name: statistics.median(run["cpu_seconds"] for run in taken) for name, taken in runs.items()}
    ratio = round(median["lines"] / median["markdown"], 3)
    print(f"CPU {median['lines']:.2f} s against {median['markdown']:.2f} s: ratio {ratio}")
    figures = {"tokens": tokens, "tokens_per_second": rate, "load_before": load_before, "cpu_ratio": ratio}
    return {**figures, "runs": runs}


def main() -> None:
    """Run the comparison, or inside a terminal one of the apps."""
    parser = argparse.ArgumentParser(description="CPU of drawing a streaming reply")
    parser.add_argument("--tokens", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--app", choices=("lines", "markdown"), help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.app:
        run_app(arguments.app, reply(arguments.tokens), arguments.rate, arguments.result)
    else:
        print(save("render_stream", compare(arguments.tokens, arguments.rate, arguments.rounds)))


if __name__ == "__main__":
    main()
