"""Ephemeral conversations: in memory, gone with their connection, and nothing of them on any disk."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.server.turns import ModelChoice
from tests.server.joined import JoinedClient, JoinedServer, begin, joined_server, sending

CANARY = "the-canary-sings-at-dawn"


def bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def test_nothing_of_it_reaches_the_disk(tmp_path: Path) -> None:
    async with joined_server(tmp_path) as server:
        client = await server.connect()
        conversation = {"id": new_id(), "create": {"ephemeral": True, "title": f"{CANARY} title"}}
        talk = await begin(client, f"{CANARY} asked", conversation=conversation)
        reply = await server.provider.asked()
        reply.write(f"{CANARY} answered " * 2000)
        reply.finish()
        await client.saw_event("run.finished", run_id=talk.run_id)
        shown = await client.call("message.get", conversation_id=talk.id, message_id=talk.reply_id)
        assert CANARY in shown["message"]["parts"][0]["text"]
        assert CANARY.encode() not in bytes_below(tmp_path)
    assert CANARY.encode() not in bytes_below(tmp_path)


async def test_it_is_in_no_list_and_no_search(server: JoinedServer, client: JoinedClient) -> None:
    bar = await server.connect(capabilities={"workspace_signals": True})
    talk = await begin(client, CANARY, conversation={"id": new_id(), "create": {"ephemeral": True}})
    (await server.provider.asked()).finish()
    await client.saw_event("run.finished", run_id=talk.run_id)
    assert (await client.call("conversation.list"))["items"] == []
    assert (await client.call("search.query", query=CANARY))["items"] == []
    assert bar.notifications("signal") == []
    shown = (await client.call("conversation.get", conversation_id=talk.id))["conversation"]
    assert shown["ephemeral"] is True


async def test_end_of_the_connection_stops_its_run_and_forgets_it(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client, CANARY, conversation={"id": new_id(), "create": {"ephemeral": True}})
    reply = await server.provider.asked()
    assert (await client.call("run.get", run_id=talk.run_id))["run"]["id"] == talk.run_id
    await client.leave()
    assert reply.closed.is_set()
    other = await server.connect()
    with pytest.raises(ProtocolError) as caught:
        await other.call("conversation.get", conversation_id=talk.id)
    assert caught.value.type == "not_found"


async def test_refused_first_message_leaves_nothing_to_forget(
    server: JoinedServer, client: JoinedClient
) -> None:
    params = sending(new_id(), "x", run={"model": "acme/large"})
    params["conversation"]["create"] = {"ephemeral": True}
    with pytest.raises(ProtocolError):
        await client.call("message.send", params)
    await client.leave()
    assert not server.services.stores.is_ephemeral(params["conversation"]["id"])


async def test_conversation_that_is_kept_does_not_become_ephemeral(
    server: JoinedServer, client: JoinedClient
) -> None:
    conversation_id = new_id()
    await client.call("conversation.create", id=conversation_id, title="kept")
    params = sending(conversation_id, "x", with_run=False)
    params["conversation"]["create"] = {"ephemeral": True}
    with pytest.raises(ProtocolError) as caught:
        await client.call("message.send", params)
    assert caught.value.type == "conflict/idempotency_mismatch"
    assert (await client.call("conversation.list"))["items"][0]["title"] == "kept"


async def test_message_begun_as_the_link_ends_is_forgotten_as_well(
    server: JoinedServer, client: JoinedClient, tmp_path: Path
) -> None:
    params = sending(new_id(), CANARY, subscribe=True)
    params["conversation"]["create"] = {"ephemeral": True}
    request_id = client.post("message.send", params)
    await client.leave()
    await client.answer(request_id)
    assert not server.services.stores.is_ephemeral(params["conversation"]["id"])
    assert server.services.engine.active_count == 0
    assert list(server.services.hub.watched()) == []
    assert CANARY.encode() not in bytes_below(tmp_path)


async def test_link_that_ends_between_two_steps_of_sending_keeps_nothing(
    server: JoinedServer, client: JoinedClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = server.services.endpoints.choose
    reached, leaving = asyncio.Event(), asyncio.Event()

    async def gated(*arguments: Any) -> ModelChoice:
        reached.set()
        await leaving.wait()
        return await choose(*arguments)

    monkeypatch.setattr(type(server.services.endpoints), "choose", lambda _, *arguments: gated(*arguments))
    params = sending(new_id(), CANARY)
    params["conversation"]["create"] = {"ephemeral": True}
    request_id = client.post("message.send", params)
    await reached.wait()
    left = asyncio.create_task(client.leave())
    await asyncio.sleep(0)
    leaving.set()
    await left
    await client.answer(request_id)
    assert server.services.engine.active_count == 0
    assert CANARY.encode() not in bytes_below(tmp_path)
    other = await server.connect()
    with pytest.raises(ProtocolError):
        await other.call("conversation.get", conversation_id=params["conversation"]["id"])


async def test_two_first_ones_share_one_memory(server: JoinedServer) -> None:
    clients = [await server.connect() for _ in range(2)]
    ids = []
    for client in clients:
        params = sending(new_id(), CANARY, with_run=False)
        params["conversation"]["create"] = {"ephemeral": True}
        ids.append((client.post("message.send", params), params["conversation"]["id"]))
    for client, (request_id, conversation_id) in zip(clients, ids, strict=True):
        assert "result" in await client.answer(request_id)
        await client.call("conversation.get", conversation_id=conversation_id)
