"""Programs that change one configuration file side by side, some of them killed while they do."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chatty.client import settings

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import os, sys
from chatty.client import settings
path, journal, name, first, last = sys.argv[1:4] + [int(word) for word in sys.argv[4:6]]
descriptor = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
for number in range(first, last):
    settings.set(path, f"keys.{name}", str(number))
    os.write(descriptor, b"%d\\n" % number)
"""


@dataclass(slots=True)
class Outcome:
    """What became of the file."""

    updates: int = 0
    kills: int = 0
    reads: int = 0
    problems: list[str] = field(default_factory=list)


def write_side_by_side(
    folder: Path, *, writers: int, updates: int, kills: int, chance: random.Random
) -> Outcome:
    """Let so many writers make so many updates each, kill one at a random moment so many times.

    Each keeps a list of what it was told is written. A killed one is followed by another that goes on. The
    file is read all the while.
    """
    path, outcome = str(folder / "config" / "config.toml"), Outcome()
    settings.set(path, "model", "guide")
    running = {
        f"writer{number}": _start(folder, path, f"writer{number}", updates) for number in range(writers)
    }
    while running:
        time.sleep(chance.uniform(0.0, 0.02))
        _read(path, outcome)
        if outcome.kills < kills and running:
            victim = chance.choice(sorted(running))
            running[victim].send_signal(signal.SIGKILL)
            outcome.kills += running[victim].wait() == -signal.SIGKILL
            _check(folder, path, victim, outcome)
        for name, process in list(running.items()):
            if process.poll() == 0:
                del running[name]
            elif process.returncode == -signal.SIGKILL:
                running[name] = _start(folder, path, name, updates)
            elif process.returncode is not None:
                outcome.problems.append(f"{name} ended with {process.returncode}")
                del running[name]
    _check_end(path, writers, updates, outcome)
    return outcome


def acknowledged(folder: Path, name: str) -> list[int]:
    """What a writer was told is written, in order."""
    journal = folder / f"{name}.journal"
    return [int(line) for line in journal.read_text().split()] if journal.exists() else []


def _start(folder: Path, path: str, name: str, updates: int) -> "subprocess.Popen[bytes]":
    done = acknowledged(folder, name)
    first = done[-1] + 1 if done else 0
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, path, str(folder / f"{name}.journal"), name, str(first), str(updates)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def _read(path: str, outcome: Outcome) -> Mapping[str, list[str] | str]:
    outcome.reads += 1
    try:
        return settings.load(path).keys
    except Exception as error:
        outcome.problems.append(f"not readable: {error}")
        return {}


def _check(folder: Path, path: str, name: str, outcome: Outcome) -> None:
    """After a kill: what the writer was told, or the one update it was at, is in the file."""
    done = acknowledged(folder, name)
    found = _read(path, outcome).get(name)
    if done and found not in ([str(done[-1])], [str(done[-1] + 1)]):
        outcome.problems.append(f"{name} was told {done[-1]}, and the file has {found}")


def _check_end(path: str, writers: int, updates: int, outcome: Outcome) -> None:
    keys = _read(path, outcome)
    outcome.updates = writers * updates
    for number in range(writers):
        if keys.get(f"writer{number}") != [str(updates - 1)]:
            outcome.problems.append(f"writer{number} is at {keys.get(f'writer{number}')} in the end")
    if settings.load(path).model != "guide":
        outcome.problems.append("a setting nobody touched is gone")
    left = sorted(set(os.listdir(os.path.dirname(path))) - {"config.toml", ".config.lock"})
    if len(left) > 1:
        outcome.problems.append(f"{len(left)} files were left behind: {left[:3]}")
