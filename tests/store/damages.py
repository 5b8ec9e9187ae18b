"""Databases that something went wrong with, by kind, and what chatty may do with each.

Allowed: right answers, or an error of the store that says where and what to do. Not allowed: any other
exception, an answer after more than five seconds, a damaged file that was written over or removed.
"""

import asyncio
import hashlib
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chatty.store import bootstrap, conversations, messages
from chatty.store.database import SYSTEM, Scope
from chatty.store.errors import StorageError, StoreError
from chatty.store.sqlite import SqliteDatabase, open_database
from tests.store.making import NOW, find, new_conversation, say

HANG_SECONDS = 5.0
MESSAGES = 40

Damage = Callable[[bytearray, random.Random], bytes | bytearray]


def _flipped(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 3, 40, 400))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def _flipped_header(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 2, 5))):
        content[chance.randrange(16, 100)] ^= 1 << chance.randrange(8)
    return content


def _flipped_schema(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 5, 50))):
        content[chance.randrange(100, 4096 * 4)] ^= 1 << chance.randrange(8)
    return content


def _zeroed_pages(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.randint(1, 6)):
        page = chance.randrange(len(content) // 4096)
        content[page * 4096 : (page + 1) * 4096] = bytes(4096)
    return content


def _random_pages(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.randint(1, 6)):
        page = chance.randrange(len(content) // 4096)
        content[page * 4096 : (page + 1) * 4096] = chance.randbytes(4096)
    return content


def _swapped_pages(content: bytearray, chance: random.Random) -> bytearray:
    one, other = (chance.randrange(1, len(content) // 4096) * 4096 for _ in range(2))
    content[one : one + 4096], content[other : other + 4096] = (
        content[other : other + 4096],
        content[one : one + 4096],
    )
    return content


def _foreign(_content: bytearray, chance: random.Random) -> bytes:
    """A database of another program, sometimes with a table of a name that we use, too."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE {chance.choice(('cookies', 'messages', 'users', 'moz_places'))} (a, b)")
    connection.commit()
    content = connection.serialize()
    connection.close()
    return content


DAMAGES: dict[str, Damage] = {
    "empty": lambda content, chance: b"",
    "truncated": lambda content, chance: content[: chance.randrange(1, len(content))],
    "truncated-at-a-page": lambda content, chance: content[
        : chance.randrange(1, len(content) // 4096) * 4096
    ],
    "bits": _flipped,
    "header-bits": _flipped_header,
    "schema-bits": _flipped_schema,
    "wrong-magic": lambda content, chance: chance.randbytes(16) + content[16:],
    "zeroed-pages": _zeroed_pages,
    "random-pages": _random_pages,
    "swapped-pages": _swapped_pages,
    "foreign": _foreign,
    "text": lambda content, chance: b"model = 'guide'\n" * chance.randrange(1, 500),
    "noise": lambda content, chance: chance.randbytes(chance.randrange(1, 60_000)),
}
"""From the bytes of a whole database to those of a damaged one."""


@dataclass(slots=True)
class Outcome:
    """What all the damaged files came to."""

    files: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    """How opening ended, by kind of damage: `bits storage/corrupt`."""
    readable: int = 0
    """Opened, and the conversation could be read."""
    slowest_seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


async def whole_database(path: Path) -> tuple[Scope, str]:
    """Make one; return whose it is and its conversation."""
    database = await open_database(path)
    workspace, user = await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    scope = Scope(workspace.id, user.id)
    row = (await database.write(scope, conversations.insert, new_conversation(), None, NOW)).row
    for number in range(MESSAGES):
        await say(database, scope, row.id, f"walrus {number} {'x' * (number * 131 % 3000)}")
    await database.close()
    return scope, row.id


async def try_damages(folder: Path, files: int, chance: random.Random) -> Outcome:
    """Damage a database in so many ways, and use each."""
    whole, outcome = folder / "whole.db", Outcome()
    scope, conversation_id = await whole_database(whole)
    content, kinds = whole.read_bytes(), sorted(DAMAGES)
    for number in range(files):
        kind = kinds[number % len(kinds)]
        path = folder / str(number) / "chatty.db"
        path.parent.mkdir()
        path.write_bytes(DAMAGES[kind](bytearray(content), chance))
        began = time.monotonic()
        try:
            async with asyncio.timeout(60):
                await _use(path, kind, scope, conversation_id, outcome)
        except Exception as error:
            outcome.problems.append(f"{kind} {number}: {type(error).__name__}: {error}")
        seconds = time.monotonic() - began
        outcome.slowest_seconds = max(outcome.slowest_seconds, seconds)
        if seconds > HANG_SECONDS:
            outcome.problems.append(f"{kind} {number}: took {seconds:.1f} s")
        outcome.files += 1
    return outcome


async def _use(path: Path, kind: str, scope: Scope, conversation_id: str, outcome: Outcome) -> None:
    before = _digest(path)
    try:
        database = await open_database(path, readers=1)
    except StorageError as error:
        outcome.endings[f"{kind} {error.code}"] += 1
        if str(path) not in str(error) or not error.hint:
            outcome.problems.append(f"{kind}: says too little: {error}")
        if _digest(path) != before:
            outcome.problems.append(f"{kind}: a refused file was changed")
        return
    outcome.endings[f"{kind} {'read only' if database.read_only else 'opened'}"] += 1
    try:
        outcome.readable += await _read(database, scope, conversation_id)
        with_refusal = [
            find(database, scope, "walrus"),
            say(database, scope, conversation_id, "still here"),
            database.scrub(),
        ]
        for use in with_refusal:
            try:
                await use
            except StoreError:
                continue
    finally:
        await database.close()
    if kind != "empty" and (not path.exists() or path.stat().st_size == 0):
        outcome.problems.append(f"{kind}: the file is gone")


async def _read(database: SqliteDatabase, scope: Scope, conversation_id: str) -> bool:
    try:
        found = (await database.read(scope, messages.tree_page, conversation_id)).items
    except StoreError:
        return False
    return len(found) > 0


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
