"""Search over a million messages as a program sees it: from the request written to the answer read.

Needs the database that `benchmarks.search_million` builds. A server of its own serves a copy of it, and
one connection asks over the unix socket, one query at a time, in rounds through all kinds of query, newest
first. The figure is over all rounds: no calm one is picked. The limit beside each is the same expression on
a bare sqlite3 connection in the same rounds, row ids only.

    python -m benchmarks.search_served --database /tmp/million.db
"""

import argparse
import asyncio
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.load_watch import start_server
from benchmarks.report import Goal, conclude, percentile
from benchmarks.search_million import Kind, kinds, make_vocabulary, measure_bare
from chatty.client.connection import Client
from chatty.client.target import SocketTarget
from chatty.client.websocket import STANDARD_HEARTBEAT, WebSocketDial

QUERIES = 200
ROUNDS = 3
MOST_MS = 5.0
KINDS_WITHOUT_A_GOAL = ("without a common word", "prefix of 5 letters")
"""The index knows prefixes of three letters. For a longer one SQLite merges all words that begin so, however
few hits are wanted; knowing those of four and five too would make the file a third larger."""


def _params(kind: Kind, text: str) -> dict[str, Any]:
    params: dict[str, Any] = {"query": text, "limit": 20}
    if kind.filters is not None and kind.filters.project_id is not None:
        params["project_id"] = kind.filters.project_id
    if kind.filters is not None and kind.filters.before is not None:
        moment = datetime.fromtimestamp(kind.filters.before / 1000, UTC)
        params["before"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return params


async def _measure(client: Client, kind: Kind) -> tuple[list[float], float]:
    """Return the time of each query in ms, and the mean number of hits."""
    chance, vocabulary = random.Random(kind.name), make_vocabulary()
    times, hits = [], 0
    for _ in range(QUERIES):
        params = _params(kind, kind.make(chance, vocabulary))
        began = time.perf_counter()
        found = await client.call("search.query", params)
        times.append((time.perf_counter() - began) * 1000)
        hits += len(found["items"])
    return times, hits / QUERIES


async def run(socket_path: str, database: Path, count: int) -> list[dict[str, Any]]:
    """Ask every kind of query in rounds."""
    bare = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    (small,) = bare.execute("SELECT id FROM projects WHERE name = 'small'").fetchone()
    asked = kinds(small, make_vocabulary(), count)
    served: dict[str, list[list[float]]] = {kind.name: [] for kind in asked}
    limits: dict[str, list[float]] = {kind.name: [] for kind in asked}
    hits: dict[str, float] = {}
    async with Client(WebSocketDial(SocketTarget(socket_path), STANDARD_HEARTBEAT)) as client:
        await client.wait_online()
        for _ in range(ROUNDS):
            for kind in asked:
                limits[kind.name] += measure_bare(bare, kind)
                times, hits[kind.name] = await _measure(client, kind)
                served[kind.name].append(times)
    bare.close()
    return [_row(name, rounds, limits[name], hits[name]) for name, rounds in served.items()]


def _row(name: str, rounds: list[list[float]], limit: list[float], hits: float) -> dict[str, Any]:
    times = [one for taken in rounds for one in taken]
    return {
        "query": name,
        "p50_ms": round(percentile(times, 0.5), 3),
        "p95_ms": round(percentile(times, 0.95), 3),
        "max_ms": round(max(times), 3),
        "p95_ms_by_round": [round(percentile(taken, 0.95), 3) for taken in rounds],
        "bare_p95_ms": round(percentile(limit, 0.95), 3),
        "hits": round(hits, 1),
    }


def main() -> int:
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
    for row in rows:
        print(json.dumps(row))
    goals = [
        Goal(f"{row['query']}, p95, ms", row["p95_ms"], at_most=MOST_MS)
        for row in rows
        if row["query"] not in KINDS_WITHOUT_A_GOAL
    ]
    return conclude("search_served", {"messages": options.messages, "queries": rows}, goals)


if __name__ == "__main__":
    sys.exit(main())
