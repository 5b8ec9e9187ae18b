"""Deleted text is gone from wherever it was kept."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from chatty.protocol.ids import new_id
from chatty.store import bootstrap, conversations, events, messages, run_text, runs, sqlite
from chatty.store.database import SYSTEM, Database, Scope, Work
from chatty.store.errors import StorageError
from chatty.store.rows import Conversation, NewMessage, NewPart
from chatty.store.sqlite import SqliteDatabase
from tests.store.making import NOW, begin_reply, find, new_run, say

CANARY = "canaryzwitschert"

TABLES = (
    "conversations", "conversation_members", "messages", "message_parts", "runs", "run_text", "events",
    "message_search", "name_search", "usage_records", "projects", "prompts", "prompt_versions",
)  # fmt: skip


def everything(scope: Scope) -> Work[str]:
    found = []
    for table in TABLES:
        rows = yield f"SELECT * FROM {table}", ()
        found += [f"{table}: {value}" for row in rows for value in row]
    return "\n".join(found)


async def plant(database: Database, scope: Scope, conversation: Conversation) -> str:
    """Put the canary in every place that keeps text, and return the message that says it."""

    def send(scope: Scope) -> Work[str]:
        message = NewMessage(
            new_id(), conversation.id, "user", error=f'"{CANARY}"', provider_meta=f'"{CANARY}"'
        )
        yield from messages.insert(scope, message, [NewPart(text=f"Hear: {CANARY}!")], None, NOW)
        data = {"message": {"id": message.id, "text": CANARY}}
        yield from events.append(scope, conversation.id, [("message.created", None, data)], NOW)
        return message.id

    message_id = await database.write(scope, send)
    message = await database.read(scope, messages.get, message_id)
    reply = await begin_reply(database, scope, message)
    run = (await database.write(scope, runs.insert, new_run(reply), NOW)).row
    await database.write(scope, run_text.append, run.id, 0, 0, 0, f"{CANARY} so far")
    return message_id


async def test_purged_conversation_leaves_nothing(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    patch: conversations.ConversationPatch = {"title": f"About {CANARY}", "params": f'"{CANARY}"'}
    await database.write(scope, conversations.update, conversation.id, patch, None, NOW)
    await plant(database, scope, conversation)
    await database.write(scope, conversations.set_leaf, conversation.id, None)
    other = await say_elsewhere(database, scope)
    assert CANARY in await database.read(SYSTEM, everything)
    assert len(await find(database, scope, CANARY)) == 2
    await database.write(scope, conversations.purge, conversation.id, NOW + 1)
    assert CANARY not in await database.read(SYSTEM, everything)
    assert await find(database, scope, CANARY) == []
    assert await find(database, scope, f"{CANARY[:5]}*") == []
    assert len(await find(database, scope, "elsewhere")) == 1
    await database.scrub()
    if isinstance(database, SqliteDatabase):
        assert raw_bytes_hold(database.path, other)
        assert not raw_bytes_hold(database.path, CANARY)
        await check_index(database)


async def test_deleted_message_leaves_nothing(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    message_id = await plant(database, scope, conversation)
    (reply_id,) = await database.read(scope, messages.children, conversation.id, message_id)
    await database.write(scope, messages.delete, message_id, NOW + 1)
    await database.write(scope, messages.delete, reply_id, NOW + 1)
    assert CANARY not in await database.read(SYSTEM, everything)
    assert await find(database, scope, CANARY) == []
    await database.scrub()
    if isinstance(database, SqliteDatabase):
        assert not raw_bytes_hold(database.path, CANARY)
        await check_index(database)


async def test_text_that_stays_in_the_log_is_not_called_gone(
    sqlite_database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_CUT_PAUSE_SECONDS", 0.01)
    with contextlib.closing(sqlite3.connect(sqlite_database.path)) as other:
        other.execute("BEGIN")
        other.execute("SELECT COUNT(*) FROM users").fetchone()
        await sqlite_database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
        with pytest.raises(StorageError) as caught:
            await sqlite_database.scrub()
        assert caught.value.code == "storage/busy"
        assert "the log" in str(caught.value)
        other.rollback()
        await sqlite_database.scrub()
    assert Path(f"{sqlite_database.path}-wal").stat().st_size == 0


async def test_failed_deletion_keeps_everything(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    await plant(database, scope, conversation)
    before = await database.read(SYSTEM, everything)

    def purge_and_fail(scope: Scope) -> Work[None]:
        yield from conversations.purge(scope, conversation.id, NOW)
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(scope, purge_and_fail)
    assert await database.read(SYSTEM, everything) == before
    assert len(await find(database, scope, CANARY)) == 1


async def say_elsewhere(database: Database, scope: Scope) -> str:
    from tests.store.making import new_conversation

    other = (await database.write(scope, conversations.insert, new_conversation(), None, NOW)).row
    await say(database, scope, other.id, "elsewhere")
    return "elsewhere"


def raw_bytes_hold(path: Path, text: str) -> bool:
    files = [path, Path(f"{path}-wal")]
    return any(text.encode() in file.read_bytes() for file in files if file.exists())


async def check_index(database: SqliteDatabase) -> None:
    """Let FTS5 compare its index with the texts it was made from; it raises when they differ."""

    def check(scope: Scope) -> Work[None]:
        yield "INSERT INTO message_fts (message_fts, rank) VALUES ('integrity-check', 1)", ()
        yield "INSERT INTO name_fts (name_fts, rank) VALUES ('integrity-check', 1)", ()

    await database.write(SYSTEM, check)
