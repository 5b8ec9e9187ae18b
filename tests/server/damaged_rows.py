"""One row of a database that holds what it never should, and all that must still be readable around it."""

import random
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from tests.server.joined import JoinedClient, finished_talk, joined_server

CONVERSATIONS = 4
TABLES = (
    *("conversations", "messages", "message_parts", "events", "runs", "usage_records"),
    *("projects", "prompts", "prompt_versions"),
)
GARBAGE: tuple[object, ...] = (
    *(None, "", "{ not json", "[1, 2]", '{"a": "b"}', "\x1b]0;x\x07", "nonsense"),
    *(b"\xff\xfe\x00bytes", -1, 2**62, 3.5),
)


@dataclass(slots=True)
class Outcome:
    """What all the damaged databases came to."""

    databases: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    """What calls were answered with: `ok`, or an error's type."""
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Damage:
    """What was changed."""

    what: str
    conversation_id: str | None
    """Whose row it was; None for rows of no conversation."""


async def try_rows(folder: Path, databases: int, chance: random.Random) -> Outcome:
    """Damage one row of a database in so many ways, and read all of each."""
    whole, outcome = folder / "whole", Outcome()
    conversation_ids = await _fill(whole)
    content = (whole / "chatty.db").read_bytes()
    for number in range(databases):
        place = folder / str(number)
        place.mkdir(mode=0o700)
        (place / "chatty.db").write_bytes(content)
        damage = _damage(place / "chatty.db", chance)
        await _read_all(place, conversation_ids, damage, outcome)
        outcome.databases += 1
    return outcome


async def _fill(folder: Path) -> list[str]:
    folder.mkdir(mode=0o700)
    async with joined_server(folder) as server:
        client = await server.connect()
        for number in range(2):
            await client.call("project.create", id=new_id(), name=f"p{number}")
            await client.call("prompt.create", id=new_id(), name=f"q{number}", body="b", tags=["t"])
        return [(await finished_talk(server, client, f"walrus {n}")).id for n in range(CONVERSATIONS)]


def _damage(path: Path, chance: random.Random) -> Damage:
    """Change one value of one row, until one is found that the schema's rules let pass."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        while True:
            table = chance.choice(TABLES)
            columns = [
                row[1]
                for row in database.execute(f"PRAGMA table_info({table})")
                if not row[5] and row[1] not in ("workspace_id", "conversation_id")
            ]
            column, value = chance.choice(columns), chance.choice(GARBAGE)
            keys = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[5]]
            key = chance.choice(database.execute(f"SELECT {', '.join(keys)} FROM {table}").fetchall())
            where = " AND ".join(f"{name} = ?" for name in keys)
            owner = _owner(database, table, where, key)
            try:
                changed = database.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value, *key))
            except sqlite3.IntegrityError:
                continue
            if changed.rowcount == 1:
                return Damage(f"{table}.{column} = {value!r}", owner)


def _owner(database: sqlite3.Connection, table: str, where: str, key: tuple[Any, ...]) -> str | None:
    own = {
        "conversations": "id",
        "messages": "conversation_id",
        "events": "conversation_id",
        "runs": "conversation_id",
        "message_parts": "(SELECT conversation_id FROM messages WHERE id = message_id)",
        "usage_records": "(SELECT conversation_id FROM runs WHERE runs.id = run_id)",
    }
    if table not in own:
        return None
    (found,) = database.execute(f"SELECT {own[table]} FROM {table} WHERE {where}", key).fetchone()
    return str(found)


async def _read_all(place: Path, conversation_ids: list[str], damage: Damage, outcome: Outcome) -> None:
    async with joined_server(place) as server:
        client = await server.connect()
        listed = await _call(client, damage, outcome, "conversation.list", is_touched=False)
        for method in ("project.list", "prompt.list", "model.list", "usage.summary", "run.list"):
            await _call(client, damage, outcome, method, is_touched=False)
        await _call(client, damage, outcome, "search.query", is_touched=False, query="walrus")
        for conversation_id in conversation_ids:
            is_touched = damage.conversation_id == conversation_id
            is_listed = listed is None or conversation_id in [row["id"] for row in listed["items"]]
            if not is_touched and not is_listed:
                outcome.problems.append(f"{damage.what}: another conversation is not listed")
            since = {"history_id": server.services.history_id, "seq": 1}
            for method, more in (
                ("conversation.get", {}),
                ("conversation.subscribe", {}),
                ("conversation.subscribe", {"since": since}),
                ("message.list", {}),
                ("message.tree", {}),
                ("conversation.export", {}),
            ):
                found = await _call(
                    client,
                    damage,
                    outcome,
                    method,
                    is_touched=is_touched,
                    conversation_id=conversation_id,
                    **more,
                )
                if method == "message.list" and not is_touched and found and len(found["messages"]) != 2:
                    outcome.problems.append(f"{damage.what}: another conversation lacks a message")


async def _call(
    client: JoinedClient, damage: Damage, outcome: Outcome, method: str, *, is_touched: bool, **params: Any
) -> dict[str, Any] | None:
    """Call; an internal error is never right, and any error is wrong where nothing was damaged."""
    try:
        result = await client.call(method, params)
    except ProtocolError as error:
        outcome.endings[error.type] += 1
        if error.type == "internal":
            outcome.problems.append(f"{damage.what}: {method} failed")
        elif not is_touched:
            outcome.problems.append(f"{damage.what}: {method} of something else: {error.type}")
        return None
    outcome.endings["ok"] += 1
    return result
