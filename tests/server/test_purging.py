"""Deleted text goes after its time, unless it was wanted back."""

import asyncio
from typing import Any

import pytest

from chatty.server import purging
from chatty.server.clock import now_ms
from chatty.store import conversations
from chatty.store.errors import NotFound, StorageError
from tests.server.joined import JoinedClient, JoinedServer, finished_talk


async def test_conversation_restored_while_others_are_purged_is_left_alone(
    server: JoinedServer, client: JoinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, unwanted = [await finished_talk(server, client) for _ in range(2)]
    for talk in (wanted, unwanted):
        await client.call("conversation.delete", conversation_id=talk.id)
    database = server.services.stores.durable
    read = database.read

    async def found_and_restored(*arguments: Any) -> Any:
        found = await read(*arguments)
        if wanted.id in found:
            await client.call("conversation.restore", conversation_id=wanted.id)
        return found

    monkeypatch.setattr(database, "read", found_and_restored)
    assert await purging.purge_once(server.services, now_ms() + 1000) == 1
    monkeypatch.undo()
    shown = await client.call("message.get", conversation_id=wanted.id, message_id=wanted.reply_id)
    assert shown["message"]["parts"][0]["text"] == "done"
    with pytest.raises(NotFound):
        await database.write(server.services.principal.scope, conversations.restore, unwanted.id, now_ms())


async def test_text_that_could_not_be_driven_off_the_disk_is_not_forgotten(
    server: JoinedServer, client: JoinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await finished_talk(server, client)
    await client.call("conversation.delete", conversation_id=talk.id)
    outcomes = iter([StorageError("busy", "a.db", "Wait."), None, None])
    tried, is_done = [], asyncio.Event()

    async def scrub() -> None:
        tried.append(next(outcomes))
        if tried[-1] is not None:
            raise tried[-1]
        is_done.set()

    monkeypatch.setattr(server.services.stores.durable, "scrub", scrub)
    monkeypatch.setattr(purging, "UNDO_MS", -1000)
    monkeypatch.setattr(purging, "FIRST_LOOK_SECONDS", 0)
    monkeypatch.setattr(purging, "LOOK_SECONDS", 0.01)
    looking = asyncio.ensure_future(purging.purge_deleted(server.services))
    await asyncio.wait_for(is_done.wait(), 10)
    looking.cancel()
    assert len(tried) == 2
