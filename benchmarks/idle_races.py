"""Callers that come just when an idle server leaves: none of them may notice.

    python -m benchmarks.idle_races --races 1000 --seed 1

Commands that ask, commands that write, and programs that connect, each at a random moment around the end of
a server that stays for a quarter of a second. Exits with 1 when a single caller saw a failure, or when what
was sent is not there once.
"""

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile

from benchmarks.report import save
from tests.client.homes import Home
from tests.client.races import Races, leave_soon, race

HOMES = 3
"""Side by side, to use the time that is spent waiting."""


async def run(races: int, seed: int) -> tuple[list[Races], int, int]:
    """Race in several homes; return what became of it, and the messages that should and that do exist."""
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        homes = [Home(f"{directory}/{number}") for number in range(HOMES)]
        for home in homes:
            leave_soon(home)
        try:
            done = await asyncio.gather(
                *(race(home, races // HOMES, random.Random(seed + n)) for n, home in enumerate(homes))
            )
        finally:
            for home in homes:
                await asyncio.to_thread(home.clean_up)
        wanted = sum(share.calls - (share.calls + 2) // 3 for share in done)
        return done, wanted, sum(_messages(home) for home in homes)


def _messages(home: Home) -> int:
    database = sqlite3.connect(f"file:{home.locations.database_path}?mode=ro", uri=True)
    (count,) = database.execute("SELECT COUNT(*) FROM messages").fetchone()
    database.close()
    return int(count)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--races", type=int, default=1002)
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    done, wanted, found = asyncio.run(run(options.races, options.seed))
    failures = [failure for share in done for failure in share.failures]
    figures = {
        "seed": options.seed,
        "races": sum(share.calls for share in done),
        "servers": sum(len(share.servers) for share in done),
        "failures": len(failures),
        "messages_wanted": wanted,
        "messages_found": found,
        "slowest_seconds": max(share.slowest_seconds for share in done),
    }
    for name, value in figures.items():
        print(f"{name:16} {value:>10}")
    for failure in failures[:20]:
        print(failure)
    save("idle_races", figures)
    return int(bool(failures) or wanted != found)


if __name__ == "__main__":
    sys.exit(main())
