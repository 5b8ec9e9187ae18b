"""A failing disk under a program that writes into a store: strace answers its system calls with errors."""

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from chatty.store import inspection

ROOT = Path(__file__).resolve().parents[2]
RUN_SECONDS = 60.0


@dataclass(slots=True)
class Outcome:
    """What the program was told, and what is there."""

    acknowledged: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """By error code."""
    problems: list[str] = field(default_factory=list)


def write_while(folder: Path, call: str, error: str, *, first: int, step: int, units: int = 120) -> Outcome:
    """Let the writer run while every `step`-th such call from the `first` on fails; then look at the file.

    Only calls for the database and its log are counted.
    """
    data = folder / "data"
    data.mkdir()
    path, journal = data / "chatty.db", folder / "journal"
    # An opening that fails is another matter: the file is made before anything fails.
    _run([str(path), str(folder / "journal-before"), "1", "4"], [])
    inject = ["-f", "-o", "/dev/null", "-P", str(path), "-P", f"{path}-wal", "-e", f"trace={call}"]
    fault = f"inject={call}:error={error}:when={first}+{step}"
    written = _run([str(path), str(journal), "1", str(units)], ["strace", *inject, "-e", fault])
    outcome = Outcome()
    outcome.refusals.update(line for line in written.stdout.split() if line.startswith("storage/"))
    if written.returncode or written.stderr:
        outcome.problems.append(f"ended with {written.returncode}: {written.stderr[-500:]}")
    acknowledged = set(journal.read_text().split()) if journal.exists() else set()
    outcome.acknowledged = len(acknowledged)
    outcome.problems += _look(path, acknowledged, units, sum(outcome.refusals.values()))
    return outcome


def _run(arguments: list[str], before: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*before, sys.executable, "-m", "tests.store.power_writer", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def _look(path: Path, acknowledged: set[str], units: int, refused: int) -> list[str]:
    connection = sqlite3.connect(path)
    users = {name for (name,) in connection.execute("SELECT name FROM users")}
    places = {name for (name,) in connection.execute("SELECT id FROM workspaces")}
    connection.close()
    problems = []
    if lost := acknowledged - (users & places):
        problems.append(f"{len(lost)} acknowledged units are lost")
    if len(acknowledged) + refused != units:
        problems.append(f"{len(acknowledged)} acknowledged and {refused} refused are not {units}")
    if not inspection.inspect(path).is_sound:
        problems.append("the file is damaged")
    return problems
