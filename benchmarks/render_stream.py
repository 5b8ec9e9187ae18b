"""What a streaming reply costs the client: chatty against an app on Textual's Markdown stream, in one run.

    python -m benchmarks.render_stream [--tokens 5000] [--rate 500] [--rounds 3]

Three programs in a terminal, in turns, show the same Markdown with code. `chatty` is the real client: it
asks its real server, which asks a scripted vendor in a third process, and draws what comes; its figure is
the CPU time of the client's process from enter until the last word is on the screen and a second after.
`markdown` is the smallest app that uses `Markdown.get_stream` as its manual shows it, `lines` the smallest
with our own lines instead: both make up the reply themselves, ten tokens at a time, so that neither pays for
a connection; theirs is the CPU time from the first token until the last is drawn. Ratios are of the medians.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.first_token import start_upstream
from benchmarks.render_stream_apps import run_app
from benchmarks.report import Goal, conclude
from benchmarks.terminals import CHATTY, Program, cpu_seconds
from chatty.protocol.ids import new_id
from tests.client.homes import Home
from tests.instruments.upstream_scripts import markdown_tokens

LAST_WORD = "END."
AFTERWARDS_SECONDS = 1.0
"""What is still to be done when the last word is there counts as well."""

Figures = dict[str, float]


def measure_app(name: str, tokens: int, rate: float) -> Figures:
    """Run one of the apps; return its figures."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "figures.json")
        options = ["--app", name, "--result", str(result), "--tokens", str(tokens), "--rate", str(rate)]
        command = (sys.executable, "-m", "benchmarks.render_stream", *options)
        with Program(command, {}, has_screen=False) as program:
            try:
                while True:
                    program.read(1.0)
            except EOFError:
                written = len(program.written)
        figures: Figures = json.loads(result.read_text(encoding="utf-8"))
    return {**figures, "terminal_bytes": written}


def measure_chatty(home: Home, tokens: int, rate: float) -> Figures:
    """Let the real client show a reply; return its figures."""
    model = f"openai/md{tokens}-delay{1000 / rate:.0f}"
    with Program((*CHATTY, "-m", model), home.environ, has_screen=False) as program:
        program.until_written("sk anything")
        program.settle(2.0)
        program.send("go")
        program.settle(1.0)
        written, cpu, began = len(program.written), cpu_seconds(program.pid), time.monotonic()
        program.send("\r")
        program.until_written(LAST_WORD)
        wall = time.monotonic() - began
        program.settle(AFTERWARDS_SECONDS)
        return {
            "cpu_seconds": round(cpu_seconds(program.pid) - cpu, 3),
            "wall_seconds": round(wall, 3),
            "terminal_bytes": len(program.written) - written,
        }


def compare(tokens: int, rate: float, rounds: int, home: Home) -> int:
    """Run all three in turn; save all runs and the ratios of the medians."""
    home.one_shot().call("conversation.create", {"id": new_id()}, timeout_seconds=60)
    runs: dict[str, list[Figures]] = {"chatty": [], "lines": [], "markdown": []}
    for _ in range(rounds):
        for name, taken in runs.items():
            is_app = name != "chatty"
            taken.append(measure_app(name, tokens, rate) if is_app else measure_chatty(home, tokens, rate))
            print(f"{name:9} {taken[-1]}", flush=True)
    median = {name: statistics.median(run["cpu_seconds"] for run in taken) for name, taken in runs.items()}
    figures = {
        "tokens": tokens,
        "tokens_per_second": rate,
        "cpu_ratio": round(median["chatty"] / median["markdown"], 3),
        "cpu_ratio_of_drawing_alone": round(median["lines"] / median["markdown"], 3),
        "runs": runs,
    }
    reached = figures["cpu_ratio"]
    assert isinstance(reached, float)
    goal = Goal("CPU of the client, against an app on Markdown.get_stream", reached, at_most=0.5)
    return conclude("render_stream", figures, [goal])


def main() -> int:
    """Run the comparison, or inside a terminal one of the apps."""
    parser = argparse.ArgumentParser(description="CPU of drawing a streaming reply")
    parser.add_argument("--tokens", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--app", choices=("lines", "markdown"), help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.app:
        run_app(options.app, list(markdown_tokens(options.tokens)), options.rate, options.result)
        return 0
    upstream, url = start_upstream()
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        home = Home(directory, {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": url})
        try:
            return compare(options.tokens, options.rate, options.rounds, home)
        finally:
            home.clean_up()
            end(upstream)


def end(process: "subprocess.Popen[str]") -> None:
    """End a process of ours."""
    process.terminate()
    process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
