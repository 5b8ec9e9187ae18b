"""Search over a million messages as a program sees it: from the request written to the answer read.

Needs the database that `benchmarks.search_million` builds. A server of its own serves a copy of it, and
one connection asks over the unix socket, one query at a time, with the kinds of query the figures name.
The limit beside each is the same expression on a bare sqlite3 connection, row ids only.

    python -m benchmarks.search_served --database /tmp/million.db
"""

import argparse
import asyncio
import json
import random
import shutil
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.load_watch import start_server
from benchmarks.report import percentile, save
from benchmarks.search_million import Kind, calmest, kinds, make_vocabulary, measure_bare
from chatty.client.connection import Client
from chatty.client.target import SocketTarget
from chatty.client.websocket import STANDARD_HEARTBEAT, WebSocketDial

QUERIES = 200
ROUNDS = 3
NAMED = (
    "rare word",
    "common word",
    "two words",
    "phrase",
    "prefix of 3 letters",
    "common word in a small project",
    "common word before the middle",
    "rare word before the middle",
)


def _params(kind: Kind, text: str) -> dict[str, Any]:
    params: dict[str, Any] = {"query": text, "limit": 20}
    if kind.filters is not None and kind.filters.project_id is not None:
        params["project_id"] = kind.filters.project_id
    if kind.filters is not None and kind.filters.before is not None:
        moment = datetime.fromtimestamp(kind.filters.before / 1000, UTC)
        params["before"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return params


async def _measure(client: Client, kind: Kind) -> list[float]:
    chance, vocabulary = random.Random(kind.name), make_vocabulary()
    times = []
    for _ in range(QUERIES):
        params = _params(kind, kind.make(chance, vocabulary))
        began = time.perf_counter()
        await client.call("search.query", params)
        times.append((time.perf_counter() - began) * 1000)
    return times


async def run(socket_path: str, database: Path, count: int) -> list[dict[str, Any]]:
    """Ask every kind of query in rounds; report the round other programs disturbed least."""
    bare = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    (small,) = bare.execute("SELECT id FROM projects WHERE name = 'small'").fetchone()
    rows = []
    async with Client(WebSocketDial(SocketTarget(socket_path), STANDARD_HEARTBEAT)) as client:
        await client.wait_online()
        for kind in kinds(small, make_vocabulary(), count):
            if kind.name not in NAMED:
                continue
            limit = calmest([measure_bare(bare, kind) for _ in range(ROUNDS)])
            rounds = [await _measure(client, kind) for _ in range(ROUNDS)]
            times = calmest(rounds)
            rows.append(
                {
                    "query": kind.name,
                    "p50_ms": round(percentile(times, 0.5), 3),
                    "p95_ms": round(percentile(times, 0.95), 3),
                    "worst_round_p95_ms": round(max(percentile(one, 0.95) for one in rounds), 3),
                    "bare_p95_ms": round(percentile(limit, 0.95), 3),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
    bare.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--messages", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatty-search-", dir=options.database.parent) as directory:
        data = Path(directory) / "data"
        data.mkdir()
        shutil.copyfile(options.database, data / "chatty.db")
        process, socket_path = start_server(directory)
        try:
            rows = asyncio.run(run(socket_path, data / "chatty.db", options.messages))
        finally:
            process.terminate()
            process.wait(60)
    save("search_served", {"messages": options.messages, "queries": rows})


if __name__ == "__main__":
    main()
