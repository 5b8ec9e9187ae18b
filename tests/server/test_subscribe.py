"""Watching a conversation: attach, read, answer, release, with something happening in every gap between."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.protocol.limits import Limits
from chatty.server import snapshots
from chatty.server.heartbeat import tell_heads
from chatty.server.live.hub import PublishedEvent
from chatty.store import events
from chatty.store.database import Database, Scope, Work
from chatty.store.errors import StorageError
from tests.server.joined import (
    Frame,
    JoinedClient,
    JoinedServer,
    StrictView,
    begin,
    everything,
    finished_talk,
    joined_server,
    sending,
)

P = ParamSpec("P")
T = TypeVar("T")
Act = Callable[[], Awaitable[None]]


async def nothing() -> None:
    pass


class GatedDatabase:
    """A database that lets the test act right before and right after a subscriber's state is read."""

    def __init__(self, database: Database) -> None:
        self.before: Act = nothing
        self.after: Act = nothing
        self._database = database
        self.read_only = database.read_only
        self.problem = database.problem

    async def read(
        self, scope: Scope, work: Callable[Concatenate[Scope, P], Work[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if getattr(work, "__module__", None) != snapshots.__name__:
            return await self._database.read(scope, work, *args, **kwargs)
        before, self.before = self.before, nothing
        await before()
        result = await self._database.read(scope, work, *args, **kwargs)
        after, self.after = self.after, nothing
        await after()
        return result

    async def write(
        self, scope: Scope, work: Callable[Concatenate[Scope, P], Work[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._database.write(scope, work, *args, **kwargs)

    def only_read(self, problem: StorageError) -> None:
        self._database.only_read(problem)

    async def scrub(self, *, names_only: bool = False) -> None:
        await self._database.scrub(names_only=names_only)

    async def close(self) -> None:
        await self._database.close()


@pytest.fixture
def gate(server: JoinedServer, monkeypatch: pytest.MonkeyPatch) -> GatedDatabase:
    gated = GatedDatabase(server.services.stores.durable)
    monkeypatch.setattr(server.services.stores, "durable", gated)
    return gated


async def snapshot(server: JoinedServer, conversation_id: str) -> Frame:
    watcher = StrictView(await server.connect(), conversation_id)
    await watcher.join()
    return everything(watcher.view)


# The gaps between attaching and releasing


@pytest.mark.parametrize("gap", ["attach/read", "read/answer"])
@pytest.mark.parametrize("resumes", [False, True])
async def test_nothing_falls_into_the_gap(
    server: JoinedServer, client: JoinedClient, gate: GatedDatabase, gap: str, resumes: bool
) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("first ")
    await client.saw(lambda frame: frame.get("method") == "delta")
    late = StrictView(await server.connect(), talk.id)
    since = {}
    if resumes:
        result = await late.join()
        since = {"since": {"history_id": result["history_id"], "seq": result["head"]}}

    async def act() -> None:
        await client.call("conversation.update", conversation_id=talk.id, title="changed meanwhile")
        reply.write("second ")
        await client.saw(lambda frame: frame.get("method") == "delta" and "second" in frame["params"]["d"])

    if gap == "attach/read":
        gate.before = act
    else:
        gate.after = act
    result = await late.join(**since)
    assert result["mode"] == ("tail" if resumes else "snapshot")
    reply.write("third")
    reply.finish()
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    await late.follow_to(ended["seq"])
    assert late.view.messages[talk.reply_id].text == "first second third"
    assert late.view.conversation["title"] == "changed meanwhile"
    assert everything(late.view) == await snapshot(server, talk.id)


@pytest.mark.parametrize("gap", ["attach/read", "read/answer"])
async def test_end_of_a_run_in_the_gap_is_seen(
    server: JoinedServer, client: JoinedClient, gate: GatedDatabase, gap: str
) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("all of ")
    late = StrictView(await server.connect(), talk.id)

    async def act() -> None:
        reply.write("it")
        reply.finish()
        await client.saw_event("run.finished", run_id=talk.run_id)

    if gap == "attach/read":
        gate.before = act
    else:
        gate.after = act
    await late.join()
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    await late.follow_to(ended["seq"])
    assert everything(late.view) == await snapshot(server, talk.id)
    assert late.view.messages[talk.reply_id].text == "all of it"


async def test_event_between_answer_and_release_follows_the_answer(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    late = await server.connect()
    head = client.events(talk.id)[-1]["seq"]
    server.has_foreign_frames = True

    def publish(frame: Frame) -> None:
        if "result" in frame and "mode" in frame["result"]:
            late.channel.on_write = None
            body = b'{"method":"event","params":{"conversation_id":"%b","seq":%d}}'
            event = PublishedEvent(head + 1, body % (talk.id.encode(), head + 1))
            server.services.hub.publish(talk.id, [event])

    late.channel.on_write = publish
    result = await late.call("conversation.subscribe", conversation_id=talk.id)
    assert result["head"] == head
    assert [event["seq"] for event in late.events(talk.id)] == [head + 1]
    assert late.frames.index({"jsonrpc": "2.0", "id": 2, "result": result}) == len(late.frames) - 2


async def test_events_published_out_of_order_are_passed_on_in_order(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    head = client.events(talk.id)[-1]["seq"]
    server.has_foreign_frames = True
    for seq in (head + 3, head + 1, head + 2, head + 1):
        body = b'{"method":"event","params":{"conversation_id":"%b","seq":%d}}' % (talk.id.encode(), seq)
        server.services.hub.publish(talk.id, [PublishedEvent(seq, body)])
    assert [event["seq"] for event in client.events(talk.id)][-3:] == [head + 1, head + 2, head + 3]


# A tail or a snapshot


async def resumed(server: JoinedServer, conversation_id: str, **since: Any) -> Frame:
    known = {"history_id": server.services.history_id, **since}
    client = await server.connect()
    return await client.call("conversation.subscribe", conversation_id=conversation_id, since=known)


async def test_what_was_missed_comes_as_a_tail(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    result = await resumed(server, talk.id, seq=4)
    told = client.events(talk.id)
    assert (result["mode"], result["head"]) == ("tail", told[-1]["seq"])
    assert result["events"] == told[4:]
    assert "messages" not in result or result["messages"] == []


async def test_nothing_missed_is_an_empty_tail(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    result = await resumed(server, talk.id, seq=client.events(talk.id)[-1]["seq"])
    assert (result["mode"], result["events"]) == ("tail", [])


async def test_another_history_gets_a_snapshot(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    assert (await resumed(server, talk.id, history_id=new_id(), seq=4))["mode"] == "snapshot"


async def test_client_ahead_of_the_head_gets_a_snapshot(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    assert (await resumed(server, talk.id, seq=1000))["mode"] == "snapshot"


async def test_client_below_the_floor_gets_a_snapshot(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    scope = server.services.principal.scope
    await server.services.stores.durable.write(scope, events.drop_through, talk.id, 5)
    assert (await resumed(server, talk.id, seq=4))["mode"] == "snapshot"
    assert (await resumed(server, talk.id, seq=5))["mode"] == "tail"


async def test_long_tail_becomes_a_snapshot(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    scope, at = server.services.principal.scope, 1_700_000_000_000
    drafts: list[events.EventToAppend] = [("run.noted", None, {})] * 501
    await server.services.stores.durable.write(scope, events.append, talk.id, drafts, at)
    head = (await resumed(server, talk.id, seq=0))["head"]
    assert (await resumed(server, talk.id, seq=head - 501))["mode"] == "snapshot"
    assert (await resumed(server, talk.id, seq=head - 500))["mode"] == "tail"


async def test_heavy_tail_becomes_a_snapshot(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    await client.call("message.send", sending(talk.id, "x" * 300_000, with_run=False))
    assert (await resumed(server, talk.id, seq=4))["mode"] == "snapshot"


async def test_snapshot_holds_the_newest_stretch_of_the_path_in_use(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    last = sending(talk.id, "more", with_run=False)
    await client.call("message.send", last)
    other = await server.connect()
    result = await other.call("conversation.subscribe", conversation_id=talk.id, window={"limit": 2})
    assert [message["id"] for message in result["messages"]] == [talk.reply_id, last["id"]]
    assert (result["has_older"], result["leaf"], result["siblings"]) == (True, last["id"], [])
    older = await other.call("message.list", conversation_id=talk.id, before=talk.reply_id)
    assert ([message["id"] for message in older["messages"]], older["has_older"]) == (
        [talk.message_id],
        False,
    )


async def test_path_is_read_on_from_a_place_in_its_middle(server: JoinedServer, client: JoinedClient) -> None:
    conversation_id, ids = await imported(client, 6)
    path = ids[:6]

    async def after(place: str, **more: Any) -> tuple[list[str], bool]:
        page = await client.call("message.list", conversation_id=conversation_id, after=place, **more)
        return [message["id"] for message in page["messages"]], page["has_newer"]

    assert await after(path[1], limit=2, leaf=path[5]) == (path[2:4], True)
    assert await after(path[3], limit=2, leaf=path[5]) == (path[4:6], False)
    for wrong in ({"place": new_id()}, {"place": path[1], "before": path[3]}):
        with pytest.raises(ProtocolError) as caught:
            await after(**wrong)
        assert caught.value.family == ("invalid_params" if "before" in wrong else "not_found")


async def imported(client: JoinedClient, count: int) -> tuple[str, list[str]]:
    """Make a conversation of so many messages in a row, with another beginning and another end."""
    ids, at = [new_id() for _ in range(count + 2)], "2026-01-01T12:00:00.000Z"
    parents = [None, *ids[: count - 1], None, ids[count - 2]]
    messages = [
        {
            "id": message_id,
            **({"parent_id": parent_id} if parent_id else {}),
            "role": "user",
            "status": "completed",
            "created_at": at,
            "parts": [{"type": "text", "text": "word " * 20}],
        }
        for message_id, parent_id in zip(ids, parents, strict=True)
    ]
    exported = {
        "id": new_id(),
        "title": "long",
        "created_at": at,
        "leaf": ids[count - 1],
        "messages": messages,
    }
    taken = await client.call("conversation.import", conversation=exported)
    return taken["conversation_id"], ids


async def test_snapshot_grows_with_its_window_and_not_with_the_conversation(
    server: JoinedServer, client: JoinedClient
) -> None:
    sizes = []
    for count in (100, 3_000):
        conversation_id, ids = await imported(client, count)
        snapshot = await client.call("conversation.subscribe", conversation_id=conversation_id)
        assert [node["id"] for node in snapshot["siblings"]] == [ids[-1]]
        sizes.append(len(json.dumps(snapshot)))
    assert abs(sizes[1] - sizes[0]) < 200


async def test_older_page_and_tree_hold_what_the_snapshot_leaves_out(
    server: JoinedServer, client: JoinedClient
) -> None:
    conversation_id, ids = await imported(client, 60)
    oldest = {"conversation_id": conversation_id, "before": ids[10]}
    page = await client.call("message.list", oldest)
    assert [message["id"] for message in page["messages"]] == ids[:10]
    assert ([node["id"] for node in page["siblings"]], page["has_older"]) == ([ids[60]], False)
    found, params = [], {"conversation_id": conversation_id, "limit": 25}
    while True:
        part = await client.call("message.tree", params)
        found.append([node["id"] for node in part["nodes"]])
        if "next" not in part:
            break
        params["cursor"] = part["next"]
    assert found == [ids[:25], ids[25:50], ids[50:]]
    with pytest.raises(ProtocolError) as refusal:
        await client.call("message.tree", conversation_id=conversation_id, cursor="nonsense")
    assert refusal.value.type == "cursor_expired"


async def test_path_through_a_message_is_the_one_in_use_or_the_newest(
    server: JoinedServer, client: JoinedClient
) -> None:
    conversation_id, ids = await imported(client, 10)

    async def through(message_id: str) -> str:
        params = {"conversation_id": conversation_id, "message_id": message_id, "through": True}
        leaf: str = (await client.call("conversation.set_leaf", params))["leaf"]
        snapshot = await client.call("conversation.subscribe", conversation_id=conversation_id)
        assert snapshot["leaf"] == leaf
        return leaf

    assert await through(ids[2]) == ids[9]
    assert await through(ids[11]) == ids[11]
    assert await through(ids[2]) == ids[11]
    assert await through(ids[9]) == ids[9]
    with pytest.raises(ProtocolError) as refusal:
        await through(new_id())
    assert refusal.value.type == "not_found"


async def test_snapshot_shows_text_in_flight_and_the_run(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("so far")
    await client.saw(lambda frame: frame.get("method") == "delta")
    result = await (await server.connect()).call("conversation.subscribe", conversation_id=talk.id)
    assert [(part["message_id"], part["text"]) for part in result["open_parts"]] == [
        (talk.reply_id, "so far")
    ]
    assert [run["id"] for run in result["runs"]] == [talk.run_id]
    assert result["conversation"]["is_answering"] is True


async def test_message_that_is_being_written_is_shown_with_its_text(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.think("hm")
    reply.write("so far")
    await client.saw(lambda frame: frame.get("method") == "delta" and frame["params"]["d"] == "so far")
    one = await client.call("message.get", conversation_id=talk.id, message_id=talk.reply_id)
    page = await client.call("message.list", conversation_id=talk.id)
    assert one["message"]["parts"] == page["messages"][-1]["parts"]
    assert [(part["text"], part["status"]) for part in one["message"]["parts"]] == [
        ("hm", "streaming"),
        ("so far", "streaming"),
    ]


async def test_conversation_that_is_not_there_cannot_be_watched(client: JoinedClient) -> None:
    conversation_id = new_id()
    with pytest.raises(ProtocolError) as caught:
        await client.call("conversation.subscribe", conversation_id=conversation_id)
    assert caught.value.type == "not_found"
    assert client.connection.subscription(conversation_id) is None


async def test_watching_too_much_is_refused(tmp_path: Any) -> None:
    async with joined_server(tmp_path, limits=Limits(max_subscriptions=1)) as server:
        client = await server.connect()
        ids = [new_id(), new_id()]
        for conversation_id in ids:
            await client.call("conversation.create", id=conversation_id)
        await client.call("conversation.subscribe", conversation_id=ids[0])
        await client.call("conversation.subscribe", conversation_id=ids[0])
        with pytest.raises(ProtocolError) as caught:
            await client.call("conversation.subscribe", conversation_id=ids[1])
        assert (caught.value.type, caught.value.retryable) == ("overloaded", False)


async def test_nothing_comes_after_leaving(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    await client.call("conversation.unsubscribe", conversation_id=talk.id)
    await client.call("conversation.unsubscribe", conversation_id=talk.id)
    before = len(client.events(talk.id))
    await client.call("conversation.update", conversation_id=talk.id, title="quiet")
    assert len(client.events(talk.id)) == before
    assert list(server.services.hub.watched()) == []


# Sending and watching at once


async def test_sender_that_watches_already_keeps_its_place(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("one ")
    watcher = StrictView(await server.connect(), talk.id)
    await watcher.join()
    queued = sending(talk.id, "next", mode="queue", subscribe=True)
    await watcher._client.call("message.send", queued)
    reply.write("two")
    reply.finish()
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    await watcher.follow_to(ended["seq"])
    assert watcher.view.messages[talk.reply_id].text == "one two"


async def test_sender_that_begins_to_watch_gets_text_in_flight_whole(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("one ")
    await client.saw(lambda frame: frame.get("method") == "delta")
    other = await server.connect()
    await other.call("message.send", sending(talk.id, "next", mode="queue", subscribe=True))
    reply.write("two")
    delta = await other.saw(lambda frame: frame.get("method") == "delta")
    assert (delta["params"]["o"], delta["params"]["d"]) == (0, "one two")


async def test_watcher_without_deltas_gets_text_whole_and_once(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    quiet = await server.connect()
    await quiet.call("conversation.subscribe", conversation_id=talk.id, deltas=False)
    reply = await server.provider.asked()
    reply.write("a ")
    await client.saw(lambda frame: frame.get("method") == "delta")
    reply.write("b ")
    reply.write("c")
    await client.saw(lambda frame: frame.get("method") == "delta" and frame["params"]["d"].endswith("c"))
    assert quiet.notifications("delta") == []
    reply.finish()
    await quiet.saw_event("run.finished", run_id=talk.run_id)
    assert [(delta["o"], delta["d"]) for delta in quiet.notifications("delta")] == [(0, "a b c")]
    methods = [frame["params"].get("type", "delta") for frame in quiet.frames if "method" in frame]
    assert methods[methods.index("delta") + 1] == "part.completed"


# Word of the heads


async def test_quiet_connection_is_told_its_heads(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    idle = await server.connect()
    telling = asyncio.ensure_future(tell_heads(server.services, interval_seconds=0.01))
    notice = await client.saw(lambda frame: frame.get("method") == "notice")
    telling.cancel()
    head = client.events(talk.id)[-1]["seq"]
    assert notice["params"] == {"type": "heads", "heads": {talk.id: head}}
    assert idle.notifications("notice") == []


async def test_event_that_was_never_passed_on_shows_in_the_heads(
    server: JoinedServer, client: JoinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = await finished_talk(server, client)
    monkeypatch.setattr(server.services.hub, "publish", lambda *lost: None)
    changed = await client.call("conversation.update", conversation_id=talk.id, title="new")
    monkeypatch.undo()
    telling = asyncio.ensure_future(tell_heads(server.services, interval_seconds=0.01))
    notice = await client.saw(lambda frame: frame.get("method") == "notice")
    telling.cancel()
    assert notice["params"]["heads"] == {talk.id: changed["seq"]}
    assert client.events(talk.id)[-1]["seq"] < changed["seq"]


# The side bar


async def test_workspace_news_go_to_those_who_asked(server: JoinedServer, client: JoinedClient) -> None:
    bar = await server.connect(capabilities={"workspace_signals": True})
    conversation_id = new_id()
    await client.call("conversation.create", id=conversation_id, title="new")
    signal = await bar.saw(lambda frame: frame.get("method") == "signal")
    assert signal["params"]["type"] == "conversation.touched"
    assert signal["params"]["data"]["conversation"]["title"] == "new"
    assert client.notifications("signal") == []
