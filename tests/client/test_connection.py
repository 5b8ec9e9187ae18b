"""One client and one fake server joined in memory: what survives which loss."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from chatty.client.backoff import Backoff
from chatty.client.connection import Client
from chatty.client.link import Link
from chatty.client.outbox import Entry, Outbox
from chatty.client.subscription import Subscription
from chatty.client.updates import Event, LinkChanged, LinkState, News, OutboxChanged, Snapshot
from chatty.client.view import ConversationView
from chatty.protocol.errors import ProtocolError
from chatty.protocol.frames import CloseCode
from chatty.protocol.ids import new_id
from tests.instruments.fake_server import FakeServer, MemoryLink, Session, numbered
from tests.instruments.reference import JsonObject, sending
from tests.instruments.waiting import until

AT_ONCE = Backoff(first_seconds=0.0)


pytestmark = pytest.mark.timeout(20)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(str(tmp_path / "outbox"))


async def follow(
    subscription: Subscription, until: str, view: ConversationView | None = None
) -> ConversationView:
    """Apply updates up to and including the first event of a type."""
    view = view or ConversationView()
    async for update in subscription:
        view.apply(update)
        if isinstance(update, Event) and update.type == until:
            break
    return view


async def follow_reply(subscription: Subscription, view: ConversationView | None = None) -> ConversationView:
    """Apply updates until the newest message is a finished reply."""
    view = view or ConversationView()
    async for update in subscription:
        view.apply(update)
        path = view.path()
        if path and path[-1].role == "assistant" and path[-1].status == "completed":
            break
    return view


def assert_same(view: ConversationView, server: FakeServer, conversation_id: str) -> None:
    """The view shows what a fresh snapshot would."""
    fresh = ConversationView()
    fresh.apply(Snapshot(server.reference.snapshot(conversation_id)))
    assert [(message.id, message.status, message.text) for message in view.path()] == [
        (message.id, message.status, message.text) for message in fresh.path()
    ]
    assert view.head == fresh.head


async def test_call_before_the_link_stands_waits_for_it() -> None:
    server = FakeServer()
    async with Client(server.dial) as client:
        assert "time" in await client.call("ping")
        assert client.state is LinkState.ONLINE


async def test_refusal_keeps_type_and_words() -> None:
    server = FakeServer()
    async with Client(server.dial) as client:
        with pytest.raises(ProtocolError) as caught:
            await client.call("conversation.subscribe", {"conversation_id": "none"})
    assert (caught.value.type, caught.value.message) == ("not_found", "no such conversation")


async def test_answer_owed_when_the_link_breaks_is_lost() -> None:
    server = FakeServer()
    server.silent_methods.add("ping")
    async with Client(server.dial, backoff=AT_ONCE) as client:
        asking = asyncio.create_task(client.call("ping"))
        await until(lambda: ("ping", {}) in server.heard)
        server.cut_all()
        with pytest.raises(ProtocolError) as caught:
            await asking
    assert (caught.value.type, caught.value.retryable) == ("connection/lost", True)


async def test_time_of_a_call_is_bounded() -> None:
    server = FakeServer()
    server.silent_methods.add("ping")
    async with Client(server.dial) as client:
        with pytest.raises(ProtocolError) as caught:
            await client.call("ping", timeout_seconds=0.05)
    assert caught.value.type == "timeout"


async def test_calls_after_closing_are_refused() -> None:
    client = Client(FakeServer().dial)
    await client.close()
    with pytest.raises(ProtocolError) as caught:
        await client.call("ping")
    assert caught.value.type == "connection/closed"


async def test_link_states_are_told_in_order() -> None:
    server = FakeServer()
    states: list[LinkState] = []
    client = Client(server.dial, backoff=AT_ONCE)
    client.listen(lambda news: states.append(news.state) if isinstance(news, LinkChanged) else None)
    async with client:
        await client.wait_online()
        server.cut_all(CloseCode.RESTART)
        await until(lambda: states.count(LinkState.ONLINE) == 2)
    assert states == [
        LinkState.CONNECTING,
        LinkState.ONLINE,
        LinkState.WAITING,
        LinkState.CONNECTING,
        LinkState.ONLINE,
        LinkState.CLOSED,
    ]


@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        (CloseCode.VERSION, "protocol_unsupported"),
        (CloseCode.FORBIDDEN, "forbidden"),
        (CloseCode.PROTOCOL, "connection/protocol"),
    ],
)
async def test_final_close_codes_are_not_answered_by_coming_back(code: int, error_type: str) -> None:
    server = FakeServer()
    async with Client(server.dial, backoff=AT_ONCE) as client:
        await client.wait_online()
        server.cut_all(code)
        await until(lambda: client.state is LinkState.REFUSED)
        with pytest.raises(ProtocolError) as caught:
            await client.wait_online()
        assert caught.value.type == error_type
        client.retry_now()
        await until(lambda: client.state is LinkState.ONLINE)


async def test_storage_failure_of_a_start_waits_for_a_person() -> None:
    async def dial() -> Link:
        raise ProtocolError("storage/newer_schema", "written by a newer version")

    async with Client(dial) as client:
        with pytest.raises(ProtocolError) as caught:
            await client.wait_online()
        assert (caught.value.type, client.state) == ("storage/newer_schema", LinkState.REFUSED)


async def test_failure_nobody_foresaw_is_shown_and_tried_again_on_request() -> None:
    server, failures = FakeServer(), [OSError(5, "no such device")]

    async def dial() -> Link:
        if failures:
            raise failures.pop()
        return await server.dial()

    async with Client(dial) as client:
        with pytest.raises(ProtocolError) as caught:
            await client.wait_online(timeout_seconds=5)
        assert (caught.value.type, client.state) == ("internal", LinkState.REFUSED)
        client.retry_now()
        await until(lambda: client.state is LinkState.ONLINE)


async def test_frame_nobody_foresaw_ends_the_link_and_is_shown() -> None:
    server = FakeServer()
    async with Client(server.dial, backoff=AT_ONCE) as client:
        await client.wait_online()
        server.notify("notice", {"type": "heads", "heads": [1, 2]})
        await until(lambda: client.state is LinkState.REFUSED)
        assert server.sessions == []


async def test_outbox_that_cannot_be_read_is_shown(tmp_path: Path) -> None:
    directory = tmp_path / "outbox"
    directory.write_text("no directory")
    async with Client(FakeServer().dial, outbox=Outbox(str(directory)), backoff=AT_ONCE) as client:
        with pytest.raises(ProtocolError) as caught:
            await client.wait_online(timeout_seconds=5)
        assert (caught.value.family, client.state) == ("storage", LinkState.REFUSED)
        directory.unlink()
        client.retry_now()
        await until(lambda: client.state is LinkState.ONLINE)


async def test_older_idle_local_server_is_asked_to_leave_once() -> None:
    server = FakeServer(build="0.0.1+1", is_local=True)
    async with Client(server.dial, backoff=AT_ONCE) as client:
        await client.wait_online()
        server.cut_all()
        await until(lambda: [method for method, _ in server.heard].count("initialize") == 2)
        await client.wait_online()
    assert server.stop_requests == [{"if_idle": True}]


async def test_reply_is_followed_to_its_end(outbox: Outbox) -> None:
    server = FakeServer(script=numbered(200))
    conversation_id = new_id()
    async with Client(server.dial, outbox=outbox) as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        sent = asyncio.create_task(client.send("message.send", sending(conversation_id, "count")))
        view = await follow(subscription, "run.finished")
        await sent
        assert_same(view, server, conversation_id)
        assert view.path()[-1].text == "".join(f"{number} " for number in range(200))


async def test_conversation_still_in_the_outbox_can_be_followed(outbox: Outbox) -> None:
    server = FakeServer(script=numbered(3))
    conversation_id = new_id()
    server.refusals["message.send"] = [ProtocolError("overloaded", "later", retry_after_ms=10)]
    async with Client(server.dial, outbox=outbox) as client:
        await client.wait_online()
        sent = asyncio.create_task(client.send("message.send", sending(conversation_id, "count")))
        await until(lambda: client.unsent == 1)
        subscription = client.subscribe(conversation_id)
        view = await follow_reply(subscription)
        await sent
        assert_same(view, server, conversation_id)


async def test_conversation_made_while_the_refusal_to_follow_it_was_under_way_is_followed(
    outbox: Outbox,
) -> None:
    server = FakeServer(script=numbered(3))
    conversation_id = new_id()
    links: list[LateRefusals] = []

    async def dial() -> LateRefusals:
        link = LateRefusals()
        link.session = Session(server, link.deliver, link.end)
        links.append(link)
        return link

    async with Client(dial, outbox=outbox) as client:
        await client.wait_online()
        following = asyncio.create_task(follow_reply(client.subscribe(conversation_id)))
        await until(lambda: links[0].held != [])
        await client.send("message.send", sending(conversation_id, "count"))
        links[0].release()
        view = await following
        assert_same(view, server, conversation_id)


class LateRefusals(MemoryLink):
    """A link whose errors come when they are let go, after everything else."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[JsonObject] = []

    def deliver(self, frame: JsonObject) -> None:
        if "error" in frame:
            self.held.append(frame)
        else:
            super().deliver(frame)

    def release(self) -> None:
        held, self.held = self.held, []
        for frame in held:
            super().deliver(frame)


async def test_links_that_break_all_the_time_lose_and_double_nothing(outbox: Outbox) -> None:
    """Every tenth frame to the client ends its link; the text still arrives whole, once."""
    server = FakeServer(script=numbered(3000))
    conversation_id = new_id()
    count = 0

    def lose(method: str, params: JsonObject) -> bool:
        nonlocal count
        count += 1
        if count % 10 == 0:
            server.cut_all()
        return False

    server.lose_frame = lose
    async with Client(server.dial, outbox=outbox, backoff=AT_ONCE) as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        view = ConversationView()
        view.apply(await anext(subscription))
        sent = asyncio.create_task(client.send("message.send", sending(conversation_id, "count")))
        await follow_reply(subscription, view)
        await sent
        assert_same(view, server, conversation_id)
    assert count > 20


@pytest.mark.parametrize("every", [2, 3, 7])
async def test_lost_notifications_are_noticed_and_repaired(every: int, outbox: Outbox) -> None:
    server = FakeServer(script=numbered(50))
    conversation_id = new_id()
    count = 0

    def lose(method: str, params: JsonObject) -> bool:
        nonlocal count
        count += 1
        return count % every == 0 and params.get("type") != "run.finished"

    server.lose_frame = lose
    async with Client(server.dial, outbox=outbox) as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        view = ConversationView()
        view.apply(await anext(subscription))
        await client.send("message.send", sending(conversation_id, "count"))
        await follow(subscription, "run.finished", view)
        assert_same(view, server, conversation_id)


async def test_lost_last_event_is_noticed_by_the_servers_word() -> None:
    server = FakeServer()
    conversation_id = new_id()
    async with Client(server.dial) as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        view = ConversationView()
        view.apply(await anext(subscription))
        server.lose_frame = lambda method, params: True
        server.reference.handle("conversation.update", {"conversation_id": conversation_id, "title": "new"})
        server.notify("notice", {"type": "heads", "heads": {conversation_id: 1}})
        await follow(subscription, "conversation.updated", view)
    assert view.conversation["title"] == "new"


async def test_text_ahead_of_a_crashed_servers_disk_is_taken_back() -> None:
    """What was shown may run ahead of the disk; after the crash the server's text is the truth."""
    server = FakeServer()
    conversation_id = new_id()
    params = sending(conversation_id, "write")
    async with Client(server.dial, backoff=AT_ONCE) as client:
        await client.call("message.send", params)
        subscription = client.subscribe(conversation_id)
        view = ConversationView()
        view.apply(await anext(subscription))
        server.reference.start(params["run"]["id"])
        server.reference.write(params["run"]["id"], "kept and lost")
        await follow(subscription, "part.started", view)
        view.apply(await anext(subscription))
        assert view.path()[-1].text == "kept and lost"
        server.cut_all()
        server.reference.crash(params["run"]["id"], kept=4)
        await follow(subscription, "run.finished", view)
    assert (view.path()[-1].text, view.path()[-1].status) == ("kept", "interrupted")


async def test_other_history_leads_to_a_snapshot() -> None:
    server = FakeServer()
    conversation_id = new_id()
    async with Client(server.dial, backoff=AT_ONCE) as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        assert isinstance(await anext(subscription), Snapshot)
        server.reference.history_id = "history-2"
        server.cut_all()
        update = await anext(subscription)
        assert isinstance(update, Snapshot)
        assert update.result["history_id"] == "history-2"


async def test_waiting_notifications_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program too slow to follow is brought up to date by the server, not by an endless queue."""
    monkeypatch.setattr("chatty.client.subscription.MAX_WAITING", 10)
    server = FakeServer()
    conversation_id = new_id()
    async with Client(server.dial) as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        view = ConversationView()
        view.apply(await anext(subscription))
        for number in range(25):
            server.reference.handle(
                "conversation.update", {"conversation_id": conversation_id, "title": str(number)}
            )
        await client.call("ping")
        while view.head < 25:
            view.apply(await anext(subscription))
    assert view.conversation["title"] == "24"


async def test_ended_subscription_says_why() -> None:
    server = FakeServer()
    conversation_id = new_id()
    async with Client(server.dial) as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        await anext(subscription)
        server.notify(
            "notice",
            {"type": "subscription_ended", "conversation_id": conversation_id, "reason": "forbidden"},
        )
        with pytest.raises(ProtocolError) as caught:
            await anext(subscription)
    assert caught.value.type == "forbidden"


async def test_ended_subscription_first_hands_on_what_has_arrived() -> None:
    server = FakeServer()
    async with Client(server.dial) as client:
        conversation_id = new_id()
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        await anext(subscription)
        server.reference.handle("conversation.update", {"conversation_id": conversation_id, "title": "last"})
        server.notify(
            "notice",
            {"type": "subscription_ended", "conversation_id": conversation_id, "reason": "deleted"},
        )
        await client.call("ping")  # what was sent before it has arrived
        update = await anext(subscription)
        assert isinstance(update, Event)
        assert update.data["conversation"]["title"] == "last"
        with pytest.raises(ProtocolError) as caught:
            await anext(subscription)
    assert caught.value.type == "not_found"


async def test_closing_an_ended_subscription_leaves_a_newer_one_alone() -> None:
    server = FakeServer()
    async with Client(server.dial) as client:
        conversation_id = new_id()
        await client.call("conversation.create", {"id": conversation_id})
        ended = client.subscribe(conversation_id)
        await anext(ended)
        server.notify(
            "notice",
            {"type": "subscription_ended", "conversation_id": conversation_id, "reason": "forbidden"},
        )
        await client.call("ping")
        newer = client.subscribe(conversation_id)
        await anext(newer)
        await ended.close()
        server.reference.handle("conversation.update", {"conversation_id": conversation_id, "title": "new"})
        async with asyncio.timeout(5):
            update = await anext(newer)
    assert isinstance(update, Event)
    assert "conversation.unsubscribe" not in [method for method, _ in server.heard]


async def test_closed_subscription_ends_and_may_be_made_again() -> None:
    server = FakeServer()
    conversation_id = new_id()
    async with Client(server.dial) as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        with pytest.raises(ProtocolError) as caught:
            client.subscribe(conversation_id)
        assert caught.value.type == "conflict/subscribed"
        await anext(subscription)
        await subscription.close()
        assert [update async for update in subscription] == []
        async with client.subscribe(conversation_id) as again:
            assert isinstance(await anext(again), Snapshot)
        assert isinstance(await anext(client.subscribe(conversation_id)), Snapshot)


async def test_cancelled_iteration_loses_nothing() -> None:
    server = FakeServer()
    conversation_id = new_id()
    async with Client(server.dial) as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        view = ConversationView()
        view.apply(await anext(subscription))
        waiting = asyncio.create_task(subscription.__anext__())
        await client.call("ping")
        waiting.cancel()
        await asyncio.wait([waiting])
        server.reference.handle("conversation.update", {"conversation_id": conversation_id, "title": "new"})
        view.apply(await anext(subscription))
    assert view.conversation["title"] == "new"


async def test_message_waits_on_disk_while_the_link_is_down(outbox: Outbox) -> None:
    server = FakeServer()
    is_down = True

    async def dial() -> Link:
        if is_down:
            raise ProtocolError("connection/refused", "no")
        return await server.dial()

    params = sending(new_id(), "hello")
    async with Client(dial, outbox=outbox, backoff=Backoff(first_seconds=0.01, cap_seconds=0.01)) as client:
        sent = asyncio.create_task(client.send("message.send", params))
        await until(lambda: [entry.id for entry in outbox.entries()] == [params["id"]])
        is_down = False
        assert (await sent)["message"]["id"] == params["id"]
        assert outbox.entries() == []


async def test_sender_hears_when_the_message_is_on_the_disk(outbox: Outbox) -> None:
    server = FakeServer()
    server.silent_methods.add("message.send")
    kept = asyncio.Event()
    async with Client(server.dial, outbox=outbox) as client:
        sender = asyncio.create_task(client.send("message.send", sending("c", "Hi?"), on_kept=kept.set))
        async with asyncio.timeout(5):
            await kept.wait()
        assert len(outbox.entries()) == 1
        sender.cancel()


async def test_message_sent_just_before_the_end_is_on_the_disk(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    put = outbox.put

    def put_slowly(entry: Entry) -> None:
        assert go.wait(10)
        put(entry)

    monkeypatch.setattr(outbox, "put", put_slowly)
    kept: list[int] = []
    client = Client(FakeServer().dial, outbox=outbox)
    sender = asyncio.create_task(
        client.send("message.send", sending("c", "Hi?"), on_kept=lambda: kept.append(len(outbox.entries())))
    )
    await asyncio.sleep(0)
    closing = asyncio.create_task(client.close())
    asyncio.get_running_loop().call_soon(go.set)
    await closing
    assert kept == [1]
    with pytest.raises(asyncio.CancelledError):
        await sender


async def test_message_left_by_an_ended_program_is_delivered_by_the_next(outbox: Outbox) -> None:
    async def dial() -> Link:
        raise ProtocolError("connection/refused", "no")

    params = sending(new_id(), "hello")
    async with Client(dial, outbox=outbox) as client:
        sent = asyncio.create_task(client.send("message.send", params))
        await until(lambda: bool(outbox.entries()))
    with pytest.raises(asyncio.CancelledError):
        await sent
    server = FakeServer()
    async with Client(server.dial, outbox=outbox) as client:
        await until(lambda: not outbox.entries())
    assert params["id"] in server.reference.conversations[params["conversation"]["id"]].messages


async def test_answer_lost_after_acceptance_makes_no_second_message(outbox: Outbox) -> None:
    server = FakeServer()
    params = sending(new_id(), "hello")
    server.silent_methods.add("message.send")
    async with Client(server.dial, outbox=outbox, backoff=AT_ONCE) as client:
        await client.wait_online()
        sent = asyncio.create_task(client.send("message.send", params))
        await until(lambda: server.heard[-1][0] == "message.send")
        server.reference.handle(*server.heard[-1])  # carried out, and never answered
        server.silent_methods.clear()
        server.cut_all()
        assert (await sent)["duplicate"] is True
    assert len(server.reference.conversations[params["conversation"]["id"]].messages) == 2


async def test_messages_of_one_conversation_arrive_in_order(outbox: Outbox) -> None:
    server = FakeServer()
    conversation_id = new_id()
    server.refusals["message.send"] = [ProtocolError("overloaded", "later", retry_after_ms=10)]
    async with Client(server.dial, outbox=outbox) as client:
        await asyncio.gather(
            *(
                client.send("message.send", sending(conversation_id, str(number), with_run=False))
                for number in range(20)
            )
        )
    messages = server.reference.conversations[conversation_id].messages.values()
    assert [message["parts"][0]["text"] for message in messages] == [str(number) for number in range(20)]


async def test_refused_message_is_kept_for_the_person(outbox: Outbox) -> None:
    server = FakeServer()
    server.refusals["message.send"] = [ProtocolError("forbidden/role", "viewers only look")]
    news: list[News] = []
    params = sending(new_id(), "hello")
    client = Client(server.dial, outbox=outbox)
    client.listen(news.append)
    async with client:
        with pytest.raises(ProtocolError) as caught:
            await client.send("message.send", params)
    assert caught.value.type == "forbidden/role"
    assert [(entry.id, entry.is_refused) for entry in outbox.entries()] == [(params["id"], True)]
    told = [item for item in news if isinstance(item, OutboxChanged)]
    assert told[-1] == OutboxChanged(0, params["id"], caught.value)


async def test_message_that_an_older_program_left_and_nobody_can_send_is_refused_once(outbox: Outbox) -> None:
    params = sending(new_id(), "half \ud83d")
    outbox.put(Entry(1, params["id"], "message.send", params))
    news: list[News] = []
    client = Client(FakeServer().dial, outbox=outbox)
    client.listen(news.append)
    async with client:
        await until(lambda: [entry.is_refused for entry in outbox.entries()] == [True])
        await until(lambda: client.unsent == 0)
    told = [item for item in news if isinstance(item, OutboxChanged)]
    assert (told[-1].refused_id, told[-1].error and told[-1].error.type) == (params["id"], "internal")


async def test_large_request_takes_its_own_way() -> None:
    server = FakeServer()
    taken: list[str] = []

    def large_call(method: str, params: dict[str, Any]) -> dict[str, Any]:
        taken.append(method)
        return {}

    async with Client(server.dial, large_call=large_call) as client:
        await client.call("ping", {"text": "x" * 300_000})
        await client.call("ping", {"text": "x"})
    assert taken == ["ping"]
    assert [params for method, params in server.heard if method == "ping"] == [{"text": "x"}]


async def test_failing_listener_does_not_harm_the_link(caplog: pytest.LogCaptureFixture) -> None:
    def listener(news: News) -> None:
        raise RuntimeError("mine")

    client = Client(FakeServer().dial)
    client.listen(listener)
    async with client:
        await client.wait_online()
    assert "a listener failed" in caplog.text
