"""A program that writes into a store and notes what it was told is written: what power cuts are tried on.

    python -m tests.store.power_writer DATABASE JOURNAL ROUNDS UNITS [PRAGMA]

Each round writes that many units from several sides at once, then rests until the log has been brought into
the file, so that cuts fall before, during and after that. A pragma is set on every connection that writes, to
see that weaker promises are found out.
"""

import asyncio
import os
import sys
from pathlib import Path

from chatty.store import sqlite
from chatty.store.database import SYSTEM
from chatty.store.errors import StorageError
from chatty.store.sqlite import SqliteDatabase, open_database
from chatty.store.sqlite_threads import QUIET_SECONDS
from tests.store.test_durability import accept

WRITERS = 4


async def write(database: SqliteDatabase, journal: int, name: str, units: int) -> None:
    """Write units and note each; one that is refused is said on standard output and not repeated."""
    for number in range(units):
        unit = f"{name}-{number}-{'x' * (number * 37 % 600)}"
        try:
            await database.write(SYSTEM, accept, unit)
        except StorageError as error:
            print(error.code, flush=True)
        else:
            os.write(journal, f"{unit}\n".encode())


async def main(path: str, journal_path: str, rounds: int, units: int, *pragmas: str) -> None:
    sqlite._WRITER = (*sqlite._WRITER, *pragmas)  # type: ignore[misc, assignment]  # what this program is for
    database = await open_database(Path(path))
    journal = os.open(journal_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for round_number in range(rounds):
        names = [f"{os.getpid()}-{round_number}-{writer}" for writer in range(WRITERS)]
        await asyncio.gather(*(write(database, journal, name, units // WRITERS) for name in names))
        await asyncio.sleep(QUIET_SECONDS * 1.3)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:]))
