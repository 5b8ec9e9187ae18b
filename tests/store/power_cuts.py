"""Power cuts at random moments of a program that writes into a store, and what must hold after each."""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from chatty.store import bootstrap
from chatty.store.database import SYSTEM
from chatty.store.errors import StorageError
from chatty.store.sqlite import open_database
from tests.instruments.power_loss import Disk, Step, record
from tests.store.making import NOW

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Outcome:
    """What all the cuts left."""

    cuts: int = 0
    steps: int = 0
    acknowledged: int = 0
    """In the whole program; each cut is held to those before it."""
    endings: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def can_be_played() -> bool:
    """Whether strace is here and may look into a process."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


def recorded(folder: Path, *pragmas: str, rounds: int, units: int, fault: str | None = None) -> list[Step]:
    """Let the writer run once under strace; for the fault, see `power_loss.record`."""
    data = folder / "data"
    data.mkdir()
    command = [sys.executable, "-m", "tests.store.power_writer", str(data / "chatty.db")]
    journal = folder / "journal"
    return record(
        [*command, str(journal), str(rounds), str(units), *pragmas],
        data,
        journal,
        folder / "trace",
        environ={**os.environ, "PYTHONPATH": str(ROOT)},
        fault=None
        if fault is None
        else (fault, [data / f"chatty.db{end}" for end in ("", "-wal", "-journal")]),
    )


def try_cuts(steps: list[Step], cuts: int, chance: random.Random, *, keeps_names: bool = False) -> Outcome:
    """Cut that often, each time after a random step, and look at what is left."""
    moments = Counter(chance.randrange(1, len(steps) + 1) for _ in range(cuts))
    outcome, disk = Outcome(steps=len(steps)), Disk(chance, keeps_names=keeps_names)
    for number, step in enumerate(steps, 1):
        disk.play(step)
        for _ in range(moments[number]):
            outcome.cuts += 1
            problem = _cut(disk, chance, outcome)
            if problem:
                outcome.problems.append(f"after step {number} of {len(steps)}: {problem}")
    outcome.acknowledged = len(disk.acknowledged)
    return outcome


def _cut(disk: Disk, chance: random.Random, outcome: Outcome) -> str:
    folder = Path(tempfile.mkdtemp(prefix="chatty-cut-"))
    try:
        disk.cut(chance, folder)
        return _look(folder / "chatty.db", {unit.decode() for unit in disk.acknowledged}, outcome)
    finally:
        shutil.rmtree(folder)


def _look(path: Path, acknowledged: set[str], outcome: Outcome) -> str:
    """Open the file as chatty does, write to it, and compare; return what is wrong."""
    try:
        asyncio.run(_open_and_write(path))
    except StorageError as error:
        outcome.endings[error.code] += 1
        return f"not opened: {error}"
    connection = sqlite3.connect(path)
    try:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        users = {name for (name,) in connection.execute("SELECT name FROM users WHERE name LIKE '%-%-%'")}
        places = {
            name for (name,) in connection.execute("SELECT id FROM workspaces WHERE id LIKE '%-%-%-x%'")
        }
    finally:
        connection.close()
    outcome.endings["opened"] += 1
    if verdict != "ok":
        return f"integrity: {verdict}"
    if lost := acknowledged - users:
        return f"{len(lost)} of {len(acknowledged)} acknowledged units are lost"
    if {unit for unit in users if "-x" in unit} != places:
        return "half a unit is there"
    return ""


async def _open_and_write(path: Path) -> None:
    database = await open_database(path, readers=1)
    try:
        if database.problem is not None:
            raise database.problem
        await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    finally:
        await database.close()
