"""What an answer costs on the wire: its text once, and a little around it, however long it becomes."""

import json

import pytest

from chatty.protocol.ids import new_id
from chatty.server import reading
from tests.server.joined import Frame, JoinedServer, begin, sending

FRAME_BYTES = 200
"""What one frame may take beyond its text."""


async def test_stream_costs_its_text_and_a_little_per_frame(server: JoinedServer) -> None:
    client = await server.connect()
    talk = await begin(client)
    reply = await server.provider.asked()
    words = [f"naïve word {number} 日本 😀\n" for number in range(400)]
    for word in words:
        reply.write(word)
    reply.finish()
    await client.saw_event("run.finished", run_id=talk.run_id)
    deltas = [frame for frame in client.frames if frame.get("method") == "delta"]
    text = "".join(words)
    assert "".join(delta["params"]["d"] for delta in deltas) == text
    cost = sum(size_of(delta) for delta in deltas)
    assert cost <= 1.3 * len(text.encode()) + FRAME_BYTES * len(deltas)
    events = [frame for frame in client.frames if frame.get("method") == "event"]
    assert not any(words[0] in json.dumps(event, ensure_ascii=False) for event in events)


async def test_long_answer_is_followed_in_small_frames(server: JoinedServer) -> None:
    client = await server.connect()
    talk = await begin(client)
    reply = await server.provider.asked()
    for _ in range(16):
        reply.write("x" * 65_536)
    reply.finish()
    await client.saw_event("run.finished", run_id=talk.run_id)
    assert max(map(size_of, client.frames)) <= server.services.limits.outbound_frame_bytes


async def test_page_of_very_long_messages_has_fewer_of_them(
    server: JoinedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that cannot take the answer would come back and ask again, for ever."""
    monkeypatch.setattr(reading, "PAGE_CODE_POINTS", 250)
    client, conversation_id, sent = await server.connect(), new_id(), list[str]()
    for length in (300, 100, 100, 100, 400):
        create = {"conversation": {"id": conversation_id, "create": {"origin": "tui"}}} if not sent else {}
        parent = {"parent_id": sent[-1]} if sent else {}
        params = sending(conversation_id, "x" * length, with_run=False, **parent, **create)
        await client.call("message.send", params)
        sent.append(params["id"])
    shown = await client.call("conversation.subscribe", conversation_id=conversation_id)
    assert ([message["id"] for message in shown["messages"]], shown["has_older"]) == (sent[4:], True)
    pages, before = [], sent[4]
    while before != sent[0]:
        page = await client.call("message.list", conversation_id=conversation_id, before=before)
        pages.append([message["id"] for message in page["messages"]])
        before = pages[-1][0]
    assert (pages, page["has_older"]) == ([sent[2:4], sent[1:2], sent[:1]], False)


def size_of(frame: Frame) -> int:
    return len(json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode())
