"""The way out of a connection: one order, bounded memory, and slices for those who are behind."""

import json

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.server import outbound
from chatty.server.live.buffer import PartBuffer
from chatty.server.live.hub import Hub, PublishedEvent
from chatty.server.live.pacer import DeltaPacer
from chatty.server.outbound import Outbound
from chatty.server.subscription import Subscription
from tests.server.joined import FakeChannel, JoinedClient, JoinedServer, begin, finished_talk, sending

CONVERSATION = "c"


class Watched:
    """A part being written, and one connection that watches it."""

    def __init__(self, part_type: str = "text") -> None:
        self.channel = FakeChannel()
        self.lagged: set[str] = set()
        self.outbound = Outbound(self.channel, self.lagged.update)
        self.channel.listener = self.outbound
        self.hub = Hub()
        subscription = Subscription(CONVERSATION, self.outbound, deltas=True)
        self.hub.join(CONVERSATION, subscription)
        subscription.release(0)
        self.part = PartBuffer(CONVERSATION, "m", 0, part_type)
        self._seq = 0

    def write(self, text: str) -> None:
        self.part.append(text)
        self.hub.write(self.part, self.part.length - len(text), text)

    def publish(self, *, closes: PartBuffer | None = None, text: str = "") -> None:
        self._seq += 1
        body = json.dumps({"method": "event", "params": {"seq": self._seq, "text": text}}).encode()
        self.hub.publish(CONVERSATION, [PublishedEvent(self._seq, body, closes)])

    @property
    def told(self) -> list[str]:
        return [
            frame["params"]["d"] if frame["method"] == "delta" else f"event {frame['params']['seq']}"
            for frame in self.channel.frames
        ]


async def test_peer_in_step_gets_every_piece() -> None:
    watched = Watched()
    watched.write("a")
    watched.write("b")
    assert watched.told == ["a", "b"]


async def test_peer_that_was_blocked_gets_one_slice() -> None:
    watched = Watched()
    watched.write("a")
    watched.channel.block()
    for text in "bcd":
        watched.write(text)
    assert watched.told == ["a"]
    watched.channel.drain()
    watched.write("e")
    assert watched.told == ["a", "bcd", "e"]
    assert [frame["params"]["o"] for frame in watched.channel.frames] == [0, 1, 4]


async def test_long_slice_is_cut_into_frames() -> None:
    watched = Watched()
    watched.channel.block()
    text = "x" * (2 * outbound.SLICE_CODE_POINTS + 1)
    watched.write(text)
    watched.channel.drain(1)
    assert [len(piece) for piece in watched.told] == [outbound.SLICE_CODE_POINTS]
    watched.channel.drain()
    assert "".join(watched.told) == text


async def test_text_goes_out_before_the_event_that_closes_its_part() -> None:
    watched = Watched()
    watched.channel.block()
    watched.publish()
    watched.write("all of it")
    watched.publish(closes=watched.part)
    watched.channel.drain()
    assert watched.told == ["event 1", "all of it", "event 2"]


async def test_events_keep_their_order_around_a_full_socket() -> None:
    watched = Watched()
    watched.channel.block()
    for _ in range(5):
        watched.publish()
    watched.channel.drain(2)
    watched.publish()
    watched.channel.drain()
    assert watched.told == [f"event {number}" for number in range(1, 7)]


async def test_type_of_a_part_is_said_on_its_first_delta_only() -> None:
    watched = Watched("reasoning")
    watched.write("a")
    watched.write("b")
    assert [frame["params"].get("t") for frame in watched.channel.frames] == ["reasoning", None]


async def test_signals_are_dropped_for_a_peer_that_is_behind() -> None:
    watched = Watched()
    watched.channel.block()
    watched.outbound.signal(b'{"method":"signal","params":{}}')
    watched.channel.drain()
    assert watched.channel.frames == []


async def test_too_many_events_cost_the_subscription_and_nothing_else() -> None:
    watched = Watched()
    watched.outbound.send(b'{"method":"event","params":{"seq":"first"}}')
    watched.channel.block()
    watched.outbound.send(b'{"method":"event","params":{"seq":"answer"}}')
    for _ in range(outbound.MAX_QUEUED_EVENTS):
        watched.publish()
    assert watched.lagged == set()
    watched.publish()
    assert watched.lagged == {CONVERSATION}
    watched.channel.drain()
    assert watched.told == ["event first", "event answer"]


async def test_event_of_a_long_message_is_no_sign_of_a_slow_peer() -> None:
    watched = Watched()
    watched.channel.block()
    watched.publish()
    watched.publish(text="x" * (16 << 20))
    watched.publish()
    assert watched.lagged == set()
    watched.channel.drain()
    assert watched.told == ["event 1", "event 2", "event 3"]


async def test_lagging_client_is_told_and_can_catch_up(
    server: JoinedServer, client: JoinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "MAX_QUEUED_EVENTS", 3)
    talk = await finished_talk(server, client)
    head = client.events(talk.id)[-1]["seq"]
    other = await server.connect()
    client.channel.block()
    for number in range(4):
        await other.call("conversation.update", conversation_id=talk.id, title=f"title {number}")
    client.channel.drain()
    notice = client.notifications("notice")[-1]
    assert notice == {"type": "subscription_reset", "conversation_id": talk.id, "reason": "lagged"}
    assert client.events(talk.id)[-1]["seq"] == head
    since = {"history_id": server.services.history_id, "seq": head}
    result = await client.call("conversation.subscribe", conversation_id=talk.id, since=since)
    assert [event["seq"] for event in result["events"]] == [head + 1, head + 2, head + 3, head + 4]


async def test_peer_that_takes_nothing_for_too_long_is_dropped(
    server: JoinedServer, client: JoinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "STUCK_SECONDS", 0.01)
    await begin(client)
    client.channel.block()
    await client.channel.changed()
    assert client.channel.is_aborted


async def test_peer_that_takes_something_in_time_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "STUCK_SECONDS", 0.01)
    stuck, moving = Watched(), Watched()
    moving.channel.block()
    stuck.channel.block()
    moving.channel.drain()
    await stuck.channel.changed()
    assert (stuck.channel.is_aborted, moving.channel.is_aborted) == (True, False)


async def test_peer_with_too_many_unread_answers_is_asked_to_read(
    server: JoinedServer, client: JoinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "MAX_QUEUED_BYTES", 500)
    client.channel.block()
    ids = [client.post("ping") for _ in range(20)]
    await server.connect()
    ids.append(client.post("ping"))
    client.channel.drain()
    with pytest.raises(ProtocolError) as caught:
        raise ProtocolError.from_wire((await client.answer(ids[-1]))["error"])
    assert (caught.value.type, caught.value.retryable) == ("overloaded", True)
    assert "result" in await client.answer(ids[0])


async def test_peer_that_never_reads_its_answers_is_dropped(
    server: JoinedServer, client: JoinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "MAX_ANSWER_BYTES", 500)
    client.channel.block()
    for _ in range(20):
        client.post("ping")
    await client.channel.changed()
    assert client.channel.is_aborted


async def test_slow_peer_delays_nobody(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    slow = await server.connect()
    await slow.call("conversation.subscribe", conversation_id=talk.id)
    slow.channel.block()
    held = len(slow.frames)
    reply = await server.provider.asked()
    reply.write("text " * 1000)
    reply.finish()
    await client.saw_event("run.finished", run_id=talk.run_id)
    assert len(slow.frames) == held
    slow.channel.drain()
    assert "".join(delta["d"] for delta in slow.notifications("delta")) == "text " * 1000
    await slow.saw_event("run.finished", run_id=talk.run_id)


# The pacer


async def test_first_piece_leaves_at_once_and_the_rest_gathers() -> None:
    watched = Watched()
    pacer = DeltaPacer(watched.hub)
    for text in ("first", " second", " third"):
        pacer.write(watched.part, text)
    assert watched.told == ["first"]
    await watched.channel.changed()
    assert watched.told == ["first", " second third"]
    pacer.write(watched.part, " last")
    pacer.close()
    assert watched.told[-1] == " last"


async def test_much_text_does_not_wait_for_the_window() -> None:
    watched = Watched()
    pacer = DeltaPacer(watched.hub)
    pacer.write(watched.part, "a")
    pacer.write(watched.part, "b" * 2048)
    assert watched.told == ["a", "b" * 2048]
    pacer.close()


async def test_offsets_count_code_points(server: JoinedServer, client: JoinedClient) -> None:
    family = "\U0001f468‍\U0001f469‍\U0001f467"
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write(family)
    await client.saw(lambda frame: frame.get("method") == "delta")
    reply.write("é")
    reply.finish()
    completed = await client.saw_event("part.completed")
    assert completed["data"]["len"] == len(family) + 1 == 6
    read = {"conversation_id": talk.id, "message_id": talk.reply_id, "part": 0, "from": 5}
    assert (await client.call("part.read", read))["text"] == "é"
    assert [delta["o"] for delta in client.notifications("delta")] == [0, 5]


async def test_part_is_read_from_memory_while_it_is_written(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("0123456789")
    await client.saw(lambda frame: frame.get("method") == "delta")
    read = {"conversation_id": talk.id, "message_id": talk.reply_id, "part": 0, "from": 3, "limit": 4}
    assert await client.call("part.read", read) == {
        "type": "text",
        "text": "3456",
        "len": 10,
        "g": 0,
        "status": "streaming",
    }
    with pytest.raises(ProtocolError) as caught:
        await client.call("part.read", {**read, "part": 7})
    assert caught.value.type == "not_found"


async def test_second_message_of_a_conversation_without_a_run_is_told(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    await client.call("message.send", sending(talk.id, "note", with_run=False))
    assert client.events(talk.id)[-1]["type"] == "message.created"
