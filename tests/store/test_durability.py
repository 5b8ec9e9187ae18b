"""A killed writer loses nothing it was answered for."""

import asyncio
import os
import random
import signal
import sqlite3
import sys
from pathlib import Path

from chatty.store import bootstrap, inspection
from chatty.store.database import SYSTEM, Scope, Work
from chatty.store.sqlite import open_database
from tests.store.making import NOW

WRITER = """
import asyncio, os, sys
from pathlib import Path
from tests.store.test_durability import accept
from chatty.store.database import SYSTEM
from chatty.store.sqlite import open_database

async def write(database, journal, writer):
    for number in range(100_000):
        name = f"{writer}-{number}"
        await database.write(SYSTEM, accept, name)
        os.write(journal, f"{name}\\n".encode())
        os.fsync(journal)
        print(name, flush=True)

async def main():
    database = await open_database(Path(sys.argv[1]))
    journal = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    await asyncio.gather(*(write(database, journal, f"{sys.argv[3]}-{n}") for n in range(8)))

asyncio.run(main())
"""


def accept(scope: Scope, name: str) -> Work[None]:
    """Two statements of which never one alone may be found."""
    yield "INSERT INTO users VALUES ($1, NULL, $1, 'active', NULL, 0, 0, 1)", (name,)
    yield "INSERT INTO workspaces VALUES ($1, $1, $1, NULL, 0, 0, 1)", (name,)


async def test_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    path, journal = tmp_path / "chatty.db", tmp_path / "journal"
    await (await open_database(path)).close()
    chance = random.Random(11)
    for attempt in range(6):
        await _write_until_killed(path, journal, attempt, chance.randint(20, 200))
        acknowledged = set(journal.read_text().split())
        database = await open_database(path)
        assert not database.read_only
        await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
        await database.close()
        connection = sqlite3.connect(path)
        users = {name for (name,) in connection.execute("SELECT name FROM users WHERE name LIKE '%-%'")}
        workspaces = {
            name for (name,) in connection.execute("SELECT id FROM workspaces WHERE name LIKE '%-%'")
        }
        connection.close()
        assert acknowledged <= users
        assert users == workspaces
        assert inspection.inspect(path).is_sound


async def _write_until_killed(path: Path, journal: Path, attempt: int, lines: int) -> None:
    """Kill the writer once it has acknowledged a number of units more."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(path), str(journal), str(attempt), cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(60):
        for _ in range(lines):
            await process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    await process.communicate()
