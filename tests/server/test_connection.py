"""A connection: its states, the envelope of a frame, and the order of what is asked on it."""

import json
from typing import Any

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.frames import CloseCode
from chatty.protocol.ids import new_id
from chatty.protocol.limits import Limits
from tests.server.joined import INITIALIZE, JoinedClient, JoinedServer, joined_server, sending


def frame(**members: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


# States


async def test_initialize_comes_first(server: JoinedServer) -> None:
    peer = server.open()
    answer = await peer.answer(peer.post("conversation.list"))
    assert answer["error"]["data"]["type"] == "not_initialized"
    assert answer["error"]["code"] == -32000


async def test_initialize_tells_what_the_server_is(server: JoinedServer) -> None:
    result = await server.open().call("initialize", INITIALIZE)
    assert result["protocol"] == 1
    assert result["history_id"] == server.services.history_id
    assert result["limits"] == server.services.limits.to_wire()
    assert result["capabilities"] == {"local": True, "read_only": False, "ephemeral": True}
    assert result["workspaces"][0]["role"] == "owner"


async def test_initialize_comes_once(client: JoinedClient) -> None:
    with pytest.raises(ProtocolError) as refused:
        await client.call("initialize", INITIALIZE)
    assert refused.value.type == "invalid_request"


async def test_version_nobody_shares_is_refused_and_closed(server: JoinedServer) -> None:
    peer = server.open()
    with pytest.raises(ProtocolError) as refused:
        await peer.call("initialize", {**INITIALIZE, "protocol": {"min": 7, "max": 9}})
    assert (refused.value.type, refused.value.details) == ("protocol_unsupported", {"supported": [1]})
    assert peer.channel.closed_with == CloseCode.VERSION


async def test_failed_initialize_leaves_the_connection_as_it_was(server: JoinedServer) -> None:
    peer = server.open()
    with pytest.raises(ProtocolError):
        await peer.call("initialize", {**INITIALIZE, "colour": "red"})
    with pytest.raises(ProtocolError) as refused:
        await peer.call("conversation.list")
    assert refused.value.type == "not_initialized"
    await peer.call("initialize", INITIALIZE)
    await peer.call("ping")


async def test_nothing_pipelined_behind_a_failed_initialize_is_done(server: JoinedServer) -> None:
    peer = server.open()
    conversation_id = new_id()
    peer.post("initialize", {**INITIALIZE, "protocol": {"min": 7, "max": 9}})
    sent = peer.post("conversation.create", id=conversation_id)
    assert (await peer.answer(sent))["error"]["data"]["type"] == "not_initialized"
    other = await server.connect()
    assert (await other.call("conversation.list"))["items"] == []


async def test_credentials_are_taken_over_a_trusted_socket_only(server: JoinedServer) -> None:
    peer = server.open(trusted=False)
    with pytest.raises(ProtocolError) as refused:
        await peer.call("initialize", INITIALIZE, provider_credentials={"providers": {}})
    assert refused.value.type == "forbidden/credentials"
    assert peer.connection.credentials is None


# The envelope


@pytest.mark.parametrize(
    ("raw", "error_type", "code"),
    [
        (b"{", "parse", -32700),
        (b"", "parse", -32700),
        (b"\xff\xfe", "parse", -32700),
        (b'"text"', "invalid_request", -32600),
        (b"[]", "invalid_request", -32600),
        (frame(id=1), "invalid_request", -32600),
        (b'{"id":1,"method":"ping"}', "invalid_request", -32600),
        (frame(id=1.5, method="ping"), "invalid_request", -32600),
        (frame(id=True, method="ping"), "invalid_request", -32600),
        (frame(id=1, method=7), "invalid_request", -32600),
        (frame(id=None, method="ping"), "invalid_request", -32600),
        (frame(id="x" * 65, method="ping"), "invalid_request", -32600),
        (frame(id=1, method="ping", parms={}), "invalid_request", -32600),
        (frame(id=1, method="$/cancel", params={"id": 2}), "method_not_found", -32601),
        (frame(id=1, method="ping", params=json.loads("[" * 40 + "]" * 40)), "invalid_request", -32600),
        (frame(id=1, method="conversation.fly"), "method_not_found", -32601),
        (frame(id=1, method="ping", params=[]), "invalid_params", -32602),
        (frame(id=1, method="ping", params=None), "invalid_params", -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\xff"}}', "invalid_params", -32602),
        (frame(method="$/cancel"), "invalid_params", -32602),
    ],
)
async def test_bad_frame_is_answered(client: JoinedClient, raw: bytes, error_type: str, code: int) -> None:
    before = len(client.frames)
    client.send_bytes(raw)
    answer = await client.saw(lambda found: client.frames.index(found) >= before)
    assert (answer["error"]["data"]["type"], answer["error"]["code"]) == (error_type, code)
    await client.call("ping")


async def test_depth_is_counted_outside_of_strings(client: JoinedClient) -> None:
    params = sending(new_id(), "[{" * 100, with_run=False)
    params["conversation"]["create"] = {}
    assert (await client.call("message.send", params))["message"]["parts"][0]["text"] == "[{" * 100


async def test_unknown_notification_is_ignored(client: JoinedClient) -> None:
    before = len(client.frames)
    client.send_bytes(frame(method="weather.changed", params={}))
    await client.call("ping")
    assert len(client.frames) == before + 1


@pytest.mark.parametrize(
    "params",
    [
        {"colour": "red"},
        {"capabilities": {"telepathy": True}},
        {"client": {"name": "t", "version": "0", "mood": "good"}},
    ],
)
async def test_unknown_member_of_params_is_refused_by_name(server: JoinedServer, params: Any) -> None:
    with pytest.raises(ProtocolError) as refused:
        await server.open().call("initialize", {**INITIALIZE, **params})
    assert refused.value.type == "invalid_params"
    assert "xtra" in refused.value.details["problems"][0]["why"]


async def test_id_in_use_is_refused(server: JoinedServer, client: JoinedClient) -> None:
    conversation_id = new_id()
    raw = frame(id="a", method="conversation.get", params={"conversation_id": conversation_id})
    async with client.connection.turn(conversation_id):
        client.send_bytes(raw)
        client.send_bytes(raw)
        assert (await client.answer("a"))["error"]["data"]["type"] == "invalid_request"
    client.frames.clear()
    assert (await client.answer("a"))["error"]["data"]["type"] == "not_found"


async def test_flood_is_refused_with_a_retryable_error(tmp_path: Any) -> None:
    async with joined_server(tmp_path, limits=Limits(max_requests_in_flight=2)) as server:
        client = await server.connect()
        ids = [client.post("conversation.list") for _ in range(3)]
        third = (await client.answer(ids[2]))["error"]
        assert (third["data"]["type"], third["data"]["retryable"]) == ("overloaded", True)
        assert "result" in await client.answer(ids[1])


# Order


async def test_everything_may_leave_in_one_flight(server: JoinedServer) -> None:
    peer = server.open()
    conversation_id = new_id()
    ids = [
        peer.post("initialize", INITIALIZE),
        peer.post("conversation.create", id=conversation_id, title="one"),
        peer.post("conversation.update", conversation_id=conversation_id, title="two"),
        peer.post("conversation.get", conversation_id=conversation_id),
    ]
    last = await peer.answer(ids[-1])
    assert [found["id"] for found in peer.frames if "id" in found] == ids
    assert last["result"]["conversation"]["title"] == "two"


async def test_requests_of_one_conversation_keep_their_order(client: JoinedClient) -> None:
    conversation_id = new_id()
    await client.call("conversation.create", id=conversation_id)
    titles = [f"title {number}" for number in range(20)]
    ids = [client.post("conversation.update", conversation_id=conversation_id, title=t) for t in titles]
    for request_id in ids:
        await client.answer(request_id)
    answered = [found["result"]["conversation"]["title"] for found in client.frames if found.get("id") in ids]
    assert answered == titles


async def test_request_of_another_conversation_overtakes(client: JoinedClient) -> None:
    first, second = new_id(), new_id()
    await client.call("conversation.create", id=first)
    await client.call("conversation.create", id=second)
    async with client.connection.turn(first):
        slow = client.post("conversation.get", conversation_id=first)
        await client.call("conversation.get", conversation_id=second)
        assert not [found for found in client.frames if found.get("id") == slow]
    await client.answer(slow)


# Giving up


async def test_cancelled_query_is_answered_as_cancelled(client: JoinedClient) -> None:
    conversation_id = new_id()
    await client.call("conversation.create", id=conversation_id)
    async with client.connection.turn(conversation_id):
        held = client.post("conversation.get", conversation_id=conversation_id)
        await client.call("ping")
        client.send_bytes(frame(method="$/cancel", params={"id": held}))
        assert (await client.answer(held))["error"]["data"]["type"] == "cancelled"


async def test_query_cancelled_in_the_same_flight_is_answered(client: JoinedClient) -> None:
    held = client.post("conversation.list")
    client.send_bytes(frame(method="$/cancel", params={"id": held}))
    assert (await client.answer(held))["error"]["data"]["type"] == "cancelled"


async def test_change_that_was_begun_is_carried_to_its_end(client: JoinedClient) -> None:
    conversation_id = new_id()
    held = client.post("conversation.create", id=conversation_id)
    client.send_bytes(frame(method="$/cancel", params={"id": held}))
    assert "result" in await client.answer(held)


async def test_cancelling_what_is_not_in_flight_does_nothing(client: JoinedClient) -> None:
    client.send_bytes(frame(method="$/cancel", params={"id": 999}))
    await client.call("ping")


async def test_change_survives_the_end_of_its_connection(server: JoinedServer, client: JoinedClient) -> None:
    conversation_id = new_id()
    held = client.post("conversation.create", id=conversation_id)
    await client.leave()
    await client.answer(held)
    other = await server.connect()
    assert [item["id"] for item in (await other.call("conversation.list"))["items"]] == [conversation_id]


async def test_internal_failure_says_nothing_of_the_inside(
    server: JoinedServer, client: JoinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("chatty.server.operations.lifecycle.timestamp", broken)
    answer = await client.answer(client.post("ping"))
    assert answer["error"]["data"]["type"] == "internal"
    assert "secret" not in json.dumps(answer)
