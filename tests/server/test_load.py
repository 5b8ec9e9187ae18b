"""Many watchers of many runs: each sees every token once, and the disk has them all.

A thousand connections by command, with the times: `benchmarks/load_watch.py`.
"""

import asyncio
from pathlib import Path

from benchmarks.load_watch import drive, kept_whole, start_server

CONNECTIONS, RUNS, RATE, SECONDS = 40, 10, 20.0, 2.0
TOKENS = int(RATE * SECONDS)


async def test_every_watcher_sees_every_token_once(short_dir: Path) -> None:
    process, socket_path = await asyncio.to_thread(start_server, str(short_dir))
    try:
        tally = await drive(socket_path, CONNECTIONS, RUNS, RATE, SECONDS)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 60)
    assert (tally.lost, tally.doubled, tally.errors) == (0, 0, [])
    assert (tally.tokens, tally.finished) == (TOKENS * CONNECTIONS, CONNECTIONS)
    assert kept_whole(str(short_dir), TOKENS) == RUNS
