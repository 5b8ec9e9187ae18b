"""Small disks that fill up at random moments under a store, and are emptied again."""

import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chatty.store import bootstrap, conversations, messages
from chatty.store.database import SYSTEM, Scope
from chatty.store.errors import StorageError
from chatty.store.sqlite import SqliteDatabase, open_database
from tests.store.making import NOW, find, new_conversation, say

HANG_SECONDS = 5.0
ROOM_BYTES = 1 << 20
"""With so much free, nothing may be refused: the largest message takes a fifth of it."""


def can_mount() -> bool:
    """Whether small disks can be made here."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A file system in memory."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@dataclass(slots=True)
class Outcome:
    """What happened on all disks."""

    disks: int = 0
    acknowledged: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


async def fill_up(folder: Path, disks: int, chance: random.Random) -> Outcome:
    """Try so many disks, one after the other."""
    outcome = Outcome()
    for number in range(disks):
        with small_disk(folder / str(number), chance.randint(2, 16)) as disk:
            outcome.disks += 1
            try:
                await _one(disk, chance, outcome)
            except StorageError as error:
                outcome.problems.append(f"disk {number}: {error}")
    return outcome


async def _one(disk: Path, chance: random.Random, outcome: Outcome) -> None:
    path, ballast = disk / "chatty.db", disk / "ballast"
    database = await open_database(path)
    scope, conversation_id = await _begin(database)
    accepted = [await say(database, scope, conversation_id, f"walrus {'x' * chance.randrange(3000)}")]
    fills_at, free_at = chance.randrange(1, 25), chance.randrange(26, 40)
    for number in range(50):
        if number == fills_at:
            _fill(ballast, disk, leave_bytes=chance.choice((0, 4096, 30_000, 200_000)))
        if number == free_at:
            ballast.unlink()
        text = f"walrus {number} {'x' * chance.choice((10, 3000, 60_000))}"
        room, began = _room(disk), time.monotonic()
        try:
            accepted.append(await say(database, scope, conversation_id, text))
        except StorageError as error:
            outcome.refusals[error.code] += 1
            if str(path) not in str(error) or not error.hint:
                outcome.problems.append(f"says too little: {error}")
            if room > ROOM_BYTES:
                outcome.problems.append(f"refused with {room} bytes free: {error}")
        nodes = (await database.read(scope, messages.tree_page, conversation_id)).items
        if len(nodes) != len(accepted):
            outcome.problems.append("a read does not see what was accepted")
        seconds = time.monotonic() - began
        outcome.slowest_seconds = max(outcome.slowest_seconds, seconds)
        if seconds > HANG_SECONDS:
            outcome.problems.append(f"an answer took {seconds:.1f} s")
    if not await find(database, scope, "walrus"):
        outcome.problems.append("search finds nothing")
    await database.close()
    outcome.acknowledged += len(accepted)
    outcome.problems += _look(path, {message.id for message in accepted})


async def _begin(database: SqliteDatabase) -> tuple[Scope, str]:
    workspace, user = await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    scope = Scope(workspace.id, user.id)
    row = (await database.write(scope, conversations.insert, new_conversation(), None, NOW)).row
    return scope, row.id


def _fill(ballast: Path, disk: Path, *, leave_bytes: int) -> None:
    ballast.write_bytes(bytes(max(0, _room(disk) - leave_bytes)))


def _room(disk: Path) -> int:
    state = os.statvfs(disk)
    return state.f_bavail * state.f_frsize


def _look(path: Path, accepted: set[str]) -> list[str]:
    connection = sqlite3.connect(path)
    (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    stored = {message_id for (message_id,) in connection.execute("SELECT id FROM messages")}
    connection.close()
    problems = [] if verdict == "ok" else [f"integrity: {verdict}"]
    if stored != accepted:
        problems.append(f"{len(accepted - stored)} messages are lost, {len(stored - accepted)} too many")
    return problems
