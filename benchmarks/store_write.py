"""What a unit of six statements costs through the store, against the same six on a bare sqlite3 connection.

    python -m benchmarks.store_write

Both flush before they answer (WAL, synchronous=FULL), on a database of the same schema in the same folder.
Alone: one unit at a time. Together: 100 tasks in an event loop write at once through the store; the bare
program, which has nobody to wait for, commits 100 units at a time.
"""

import argparse
import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.report import Goal, conclude, percentile
from chatty.protocol.ids import new_id
from chatty.store import bootstrap, conversations
from chatty.store.database import SYSTEM, Scope, Work
from chatty.store.rows import NewConversation
from chatty.store.sqlite import SqliteDatabase, open_database

WRITERS = 100
NOW = 1_700_000_000_000

COUNT_MESSAGE = (
    "UPDATE conversations SET message_seq = message_seq + 1, message_count = message_count + 1,"
    " last_message_at = $3, updated_at = $3 WHERE workspace_id = $1 AND id = $2 RETURNING message_seq"
)
INSERT_MESSAGE = (
    "INSERT INTO messages (workspace_id, id, conversation_id, created_seq, role, status, created_at,"
    " updated_at, version) VALUES ($1, $2, $3, $4, 'user', 'completed', $5, $5, 1)"
)
INSERT_PART = (
    "INSERT INTO message_parts (workspace_id, message_id, idx, type, text, status, g)"
    " VALUES ($1, $2, 0, 'text', $3, 'completed', 0)"
)
INSERT_RUN = (
    "INSERT INTO runs (workspace_id, id, kind, conversation_id, message_id, parent_id, status, fence,"
    " attempt, created_at, updated_at) VALUES ($1, $2, 'chat', $3, $4, $4, 'completed', 0, 0, $5, $5)"
)
RAISE_HEAD = (
    "UPDATE conversations SET head_seq = head_seq + 1 WHERE workspace_id = $1 AND id = $2 RETURNING head_seq"
)
INSERT_EVENT = (
    "INSERT INTO events (workspace_id, conversation_id, seq, type, at, body)"
    " VALUES ($1, $2, $3, 'message.created', $4, $5)"
)
TEXT = "The quick brown fox jumps over the lazy dog, and then it does so again. " * 4
BODY = '{"jsonrpc":"2.0","method":"event","params":{"data":"' + "x" * 200 + '"}}'


def send(scope: Scope, conversation_id: str) -> Work[int]:
    """Six statements of the kind that accept a message."""
    workspace_id, message_id = scope.workspace_id, new_id()
    rows = yield COUNT_MESSAGE, (workspace_id, conversation_id, NOW)
    seq = rows[0]["message_seq"]
    yield INSERT_MESSAGE, (workspace_id, message_id, conversation_id, seq, NOW)
    yield INSERT_PART, (workspace_id, message_id, TEXT)
    yield INSERT_RUN, (workspace_id, new_id(), conversation_id, message_id, NOW)
    rows = yield RAISE_HEAD, (workspace_id, conversation_id)
    head: int = rows[0]["head_seq"]
    yield INSERT_EVENT, (workspace_id, conversation_id, head, NOW, BODY)
    return head


class Bare:
    """The limit: one connection, the same statements one after the other, nothing around them."""

    def __init__(self, path: Path, scope: Scope, conversation_ids: list[str]) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.workspace_id = scope.workspace_id
        self.conversation_ids = conversation_ids

    def unit(self, conversation_id: str) -> None:
        execute, workspace_id, message_id = self.connection.execute, self.workspace_id, new_id()
        (seq,) = execute(COUNT_MESSAGE, named(workspace_id, conversation_id, NOW)).fetchone()
        execute(INSERT_MESSAGE, named(workspace_id, message_id, conversation_id, seq, NOW))
        execute(INSERT_PART, named(workspace_id, message_id, TEXT))
        execute(INSERT_RUN, named(workspace_id, new_id(), conversation_id, message_id, NOW))
        (head,) = execute(RAISE_HEAD, named(workspace_id, conversation_id)).fetchone()
        execute(INSERT_EVENT, named(workspace_id, conversation_id, head, NOW, BODY))

    def alone(self, count: int) -> list[float]:
        times = []
        for number in range(count):
            began = time.perf_counter()
            self.connection.execute("BEGIN IMMEDIATE")
            self.unit(self.conversation_ids[number % WRITERS])
            self.connection.execute("COMMIT")
            times.append(time.perf_counter() - began)
        return times

    def together(self, count: int) -> float:
        began = time.perf_counter()
        for _ in range(count // WRITERS):
            self.connection.execute("BEGIN IMMEDIATE")
            for conversation_id in self.conversation_ids:
                self.unit(conversation_id)
            self.connection.execute("COMMIT")
        return (time.perf_counter() - began) / count


def named(*arguments: str | int) -> dict[str, str | int]:
    return {str(number): value for number, value in enumerate(arguments, 1)}


async def store_alone(database: SqliteDatabase, scope: Scope, ids: list[str], count: int) -> list[float]:
    times = []
    for number in range(count):
        began = time.perf_counter()
        await database.write(scope, send, ids[number % WRITERS])
        times.append(time.perf_counter() - began)
    return times


async def store_together(database: SqliteDatabase, scope: Scope, ids: list[str], count: int) -> float:
    async def writer(conversation_id: str) -> None:
        for _ in range(count // WRITERS):
            await database.write(scope, send, conversation_id)

    began = time.perf_counter()
    await asyncio.gather(*(writer(conversation_id) for conversation_id in ids))
    return (time.perf_counter() - began) / count


async def prepare(path: Path) -> tuple[SqliteDatabase, Scope, list[str]]:
    database = await open_database(path)
    workspace, user = await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    scope = Scope(workspace.id, user.id)
    ids = [new_id() for _ in range(WRITERS)]
    for conversation_id in ids:
        await database.write(scope, conversations.insert, NewConversation(conversation_id), None, NOW)
    return database, scope, ids


async def run(folder: Path, rounds: int, count: int) -> int:
    database, scope, ids = await prepare(folder / "store.db")
    other, bare_scope, bare_ids = await prepare(folder / "bare.db")
    await other.close()
    bare = Bare(folder / "bare.db", bare_scope, bare_ids)
    alone: dict[str, list[float]] = {"bare": [], "store": []}
    together: dict[str, list[float]] = {"bare": [], "store": []}
    for _ in range(rounds):
        alone["bare"] += bare.alone(count)
        alone["store"] += await store_alone(database, scope, ids, count)
        together["bare"].append(bare.together(count * 4))
        together["store"].append(await store_together(database, scope, ids, count * 4))
    bare.connection.close()
    await database.close()
    figures = {
        "alone": compare(alone, statistics.median),
        "alone_p95": compare(alone, lambda values: percentile(values, 0.95)),
        "together_100": compare(together, statistics.median),
        "together_100_best_round": compare(together, min),
    }
    for name, row in figures.items():
        print(
            f"{name:26} bare {row['bare_us']:8.1f} µs  store {row['store_us']:8.1f} µs"
            f"  rate x {row['rate']:.2f}"
        )
    goals = [
        Goal("six statements alone, rate against bare SQLite", figures["alone"]["rate"], at_least=0.5),
        Goal("the same with 100 writers", figures["together_100"]["rate"], at_least=0.8),
    ]
    return conclude("store_write", {"rounds": rounds, "units_per_round": count, "figures": figures}, goals)


def compare(times: dict[str, list[float]], of: Callable[[list[float]], float]) -> dict[str, float]:
    bare, store = of(times["bare"]), of(times["store"])
    return {
        "bare_us": round(bare * 1e6, 1),
        "store_us": round(store * 1e6, 1),
        "rate": round(bare / store, 3),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--folder", type=Path, help="where to put the databases; a temporary folder by default"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        return asyncio.run(run(Path(folder), arguments.rounds, arguments.count))


if __name__ == "__main__":
    sys.exit(main())
