"""What a command costs before it does anything: `chatty --version`, `--help`, and one answer into a pipe,
from a server that runs and from one that has to be started.

Every figure is a ratio to something run in the same rounds on the same machine: the interpreter doing
nothing, a bare httpx script, and a script on the openai SDK, all three asking the same zero-delay upstream
for 200 tokens. It measures processes from outside: start to exit, output read through a pipe; before each
cold one the server is stopped.

    python -m benchmarks.cli_start [--rounds 15] [--cold-rounds 7]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import Goal, conclude

ROOT = Path(__file__).resolve().parents[1]
MODEL = "tok200-delay0"

CHATTY = """\
import sys
from chatty.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""

BARE_HTTPX = """\
import json, os, sys
import httpx
body = {"model": sys.argv[1], "stream": True, "messages": [{"role": "user", "content": "hello"}]}
headers = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as response:
    for line in response.iter_lines():
        if line.startswith("data: {"):
            for choice in json.loads(line[6:])["choices"]:
                sys.stdout.write(choice["delta"].get("content") or "")
                sys.stdout.flush()
"""

OPENAI_SDK = """\
import sys
from openai import OpenAI
messages = [{"role": "user", "content": "hello"}]
for chunk in OpenAI().chat.completions.create(model=sys.argv[1], messages=messages, stream=True):
    for choice in chunk.choices:
        sys.stdout.write(choice.delta.content or "")
        sys.stdout.flush()
"""

GOALS = {
    ("chatty --version", "python -c pass"): 3.0,
    ("chatty --help", "python -c pass"): 7.0,
    ("chatty ask, warm", "bare httpx"): 0.75,
    ("chatty ask, warm", "openai SDK"): 0.2,
    ("chatty ask, cold, guide", "openai SDK"): 1.5,
    ("chatty ask, cold, openai", "openai SDK"): 2.2,
}
"""(command, measured against) -> the ratio that must not be exceeded."""

ANSWERS = ("chatty ask, warm", "chatty ask, cold, openai", "bare httpx", "openai SDK")
"""The commands that ask the same upstream the same, and so print the same."""

Command = Sequence[str]


def main() -> int:
    """Measure, print, save; the exit code says whether every goal is met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cold-rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatty-") as home, _upstream() as url:
        figures = _measure(Path(home), url, arguments.rounds, arguments.cold_rounds)
    ratios = figures["ratios"]
    for name, value in figures["median_ms"].items():
        print(f"{name:24} {value:8.1f} ms")
    goals = [
        Goal(f"{one} / {other}", ratios[f"{one} / {other}"], at_most=most)
        for (one, other), most in GOALS.items()
    ]
    return conclude("cli_start", figures, goals)


def _measure(home: Path, url: str, rounds: int, cold_rounds: int) -> dict[str, Any]:
    environment = _environment(home, url)
    warm, cold = _commands(home), _cold_commands(home)
    stop = [*_chatty(home), "server", "stop", "--force"]
    expected = {name: _output(command, environment) for name, command in {**warm, **cold}.items()}
    _require_equal_answers(expected)
    times: dict[str, list[float]] = {name: [] for name in expected}
    for number in range(max(rounds, cold_rounds)):
        if number < rounds:
            for name, command in warm.items():
                times[name].append(_time(command, environment, expected[name]))
        if number < cold_rounds:
            for name, command in cold.items():
                _output(stop, environment)
                times[name].append(_time(command, environment, expected[name]))
    _output(stop, environment)
    middle = {name: round(median(values) * 1000, 1) for name, values in times.items()}
    return {
        "rounds": rounds,
        "cold_rounds": cold_rounds,
        "median_ms": middle,
        "min_ms": {name: round(min(values) * 1000, 1) for name, values in times.items()},
        "ratios": {f"{one} / {other}": round(middle[one] / middle[other], 3) for one, other in GOALS},
    }


def _commands(home: Path) -> dict[str, Command]:
    scripts = {"installed_command": CHATTY, "bare_httpx": BARE_HTTPX, "openai_sdk": OPENAI_SDK}
    for name, text in scripts.items():
        (home / f"{name}.py").write_text(text)
    chatty = _chatty(home)
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "chatty --version": [*chatty, "--version"],
        "chatty --help": [*chatty, "--help"],
        "chatty ask, warm": _ask(home, f"openai/{MODEL}"),
        "bare httpx": [sys.executable, str(home / "bare_httpx.py"), MODEL],
        "openai SDK": [sys.executable, str(home / "openai_sdk.py"), MODEL],
    }


def _cold_commands(home: Path) -> dict[str, Command]:
    """Return what is asked of a server that does not run."""
    return {
        "chatty ask, cold, guide": _ask(home, "guide"),
        "chatty ask, cold, openai": _ask(home, f"openai/{MODEL}"),
    }


def _ask(home: Path, model: str) -> Command:
    return [*_chatty(home), "ask", "-m", model, "--no-stdin", "hello"]


def _chatty(home: Path) -> list[str]:
    return [sys.executable, str(home / "installed_command.py")]


def _environment(home: Path, url: str) -> dict[str, str]:
    """The caller's, without what would slow a start (no bytecode) or reach a real vendor."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "CHATTY_SERVER", "CHATTY_MODEL")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and "PROXY" not in name.upper()
    }
    return {
        **kept,
        "CHATTY_HOME": str(home / "home"),
        "PYTHONPATH": str(ROOT),
        "OPENAI_API_KEY": "key-of-the-benchmark",
        "OPENAI_BASE_URL": url,
    }


def _require_equal_answers(outputs: Mapping[str, bytes]) -> None:
    answers = {outputs[name] for name in ANSWERS}
    if len(answers) != 1:
        raise SystemExit(f"they do not print the same answer: {answers}")


def _output(command: Command, environment: Mapping[str, str]) -> bytes:
    result = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False
    )
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {result.returncode}: {result.stderr.decode()}")
    return result.stdout


def _time(command: Command, environment: Mapping[str, str], expected: bytes) -> float:
    began = time.perf_counter()
    output = _output(command, environment)
    elapsed = time.perf_counter() - began
    if output != expected:
        raise SystemExit(f"{command} printed {output[:200]!r} this time")
    return elapsed


@contextmanager
def _upstream() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.instruments.fake_upstream", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(timeout=10)


if __name__ == "__main__":
    sys.exit(main())
