"""The program as people use it, over a database that something went wrong with."""

import asyncio
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.client.homes import Home
from tests.store.damages import DAMAGES, whole_database

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    ("chats", "list"),
    ("chats", "search", "walrus"),
    ("ask", "-m", "guide", "how do I set a key?"),
    ("doctor",),
)
PATIENCE_SECONDS = 15.0
"""For a command that starts a server on a busy machine; a hang takes longer."""


@dataclass(slots=True)
class Outcome:
    """What the program said."""

    homes: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    """`ask 10` and its like."""
    slowest_seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


def try_homes(folder: Path, homes: int, chance: random.Random, kinds: list[str] | None = None) -> Outcome:
    """Use the program over so many damaged databases."""
    whole, outcome = folder / "whole.db", Outcome()
    asyncio.run(whole_database(whole))
    names = kinds or sorted(DAMAGES)
    for number in range(homes):
        kind = names[number % len(names)]
        home = Home(str(folder / str(number)), {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"})
        path = Path(home.locations.database_path)
        path.parent.mkdir(mode=0o700, parents=True)
        path.write_bytes(DAMAGES[kind](bytearray(whole.read_bytes()), chance))
        size = path.stat().st_size
        try:
            for command in COMMANDS:
                _run(home, kind, command, outcome)
        finally:
            home.clean_up()
        if path.stat().st_size < size:
            outcome.problems.append(f"{kind}: the file has become smaller")
        outcome.homes += 1
    return outcome


def _run(home: Home, kind: str, command: tuple[str, ...], outcome: Outcome) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "chatty", *command],
        env={**home.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    seconds = time.monotonic() - began
    outcome.slowest_seconds = max(outcome.slowest_seconds, seconds)
    outcome.codes[f"{command[0]} {done.returncode}"] += 1
    what = f"{kind}: {' '.join(command)}: {done.returncode}: {(done.stdout[-200:] + done.stderr)[-600:]}"
    if seconds > PATIENCE_SECONDS:
        outcome.problems.append(f"took {seconds:.1f} s: {what}")
    if "Traceback" in done.stdout + done.stderr:
        outcome.problems.append(f"a traceback: {what}")
    if done.returncode not in (0, 10):
        outcome.problems.append(f"a wrong exit code: {what}")
    if done.returncode == 10 and home.locations.database_path not in done.stdout + done.stderr:
        outcome.problems.append(f"does not say where: {what}")
    if done.returncode == 10 and command != ("doctor",) and done.stderr.count("\n") != 1:
        outcome.problems.append(f"not one line: {what}")
