"""The real server, a real client, and what happens between them when bytes, links and processes break.

Small figures for every run of the suite; the benchmarks do the same in large.
"""

import asyncio
import os
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing

import pytest

from chatty.client.backoff import LOCAL, Backoff
from chatty.client.connection import Client, connect
from chatty.client.outbox import Outbox
from chatty.client.subscription import Subscription
from chatty.client.target import SocketTarget
from chatty.client.updates import Event, LinkState
from chatty.client.view import ConversationView
from chatty.client.websocket import Heartbeat
from chatty.protocol.ids import new_id
from tests.client.homes import Home
from tests.client.reattaching import reattach
from tests.instruments.checker import begun, check, lost_seconds, read_journal
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.fault_proxy import Cut, Fault, FaultProxy, Latency, Plan, Slices
from tests.instruments.fresh import everything_of, fresh_views
from tests.instruments.journal_client import witness
from tests.instruments.reference import sending
from tests.instruments.storms import crowd, descriptors, storm
from tests.instruments.waiting import until

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
async def home(short_dir: str) -> AsyncIterator[Home]:
    async with FakeUpstream(keeps_requests=False) as upstream:
        home = Home(short_dir, {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": upstream.url})
        await asyncio.to_thread(home.pid)
        yield home
        await asyncio.to_thread(home.clean_up)


def client_through(
    home: Home, path: str, *, heartbeat: Heartbeat | None = None, backoff: Backoff = LOCAL
) -> Client:
    return connect(SocketTarget(path), environ=home.environ, heartbeat=heartbeat, backoff=backoff)


IMPATIENT = Backoff(first_seconds=0.01, cap_seconds=0.05)
"""For links that break many times in a short test."""


def breaking(chance: random.Random) -> Sequence[Fault]:
    """Links that live for a few frames and end anywhere inside one."""
    direction = chance.choice(("up", "down"))
    faults: list[Fault] = [Cut(chance.randrange(900, 16_000), "up" if direction == "up" else "down")]
    if chance.random() < 0.2:
        faults.append(Slices(chance.randrange(1, 50)))
    if chance.random() < 0.2:
        faults.append(Latency(0.0, 0.002))
    return faults


async def test_sends_through_a_breaking_proxy_make_one_message_each(home: Home, short_dir: str) -> None:
    path = os.path.join(short_dir, "p")
    conversations = [new_id() for _ in range(5)]
    plan = Plan(seed=20261120, choose=breaking)
    async with FaultProxy.unix(listen=path, connect=home.locations.socket_path, plan=plan) as proxy:
        async with client_through(home, path, backoff=IMPATIENT) as client:
            wanted = [
                sending(conversations[number % 5], f"{number}", with_run=False) for number in range(200)
            ]
            await asyncio.gather(*(client.send("message.send", params) for params in wanted))
        assert proxy.accepted > 2
    with closing(sqlite3.connect(home.locations.database_path)) as database:
        stored = [row[0] for row in database.execute("SELECT id FROM messages")]
    database.close()
    assert sorted(stored) == sorted(params["id"] for params in wanted)


async def test_streams_through_a_breaking_proxy_arrive_whole(home: Home, short_dir: str) -> None:
    path, journal = os.path.join(short_dir, "p"), os.path.join(short_dir, "journal")
    plan = Plan(seed=7, choose=breaking)
    async with FaultProxy.unix(listen=path, connect=home.locations.socket_path, plan=plan) as proxy:
        client = client_through(home, path, backoff=IMPATIENT)
        await witness(client, journal, conversations=5, messages=2, model="openai/tok200-delay5")
        assert proxy.accepted > 1
    await assert_nothing_lost(home, journal, statuses={"completed"})


async def test_killed_server_costs_no_accepted_message_and_half_a_second_of_text(
    home: Home, short_dir: str
) -> None:
    journal = os.path.join(short_dir, "journal")
    witnessing = asyncio.create_task(
        witness(home.client(), journal, conversations=5, messages=3, model="openai/tok100-delay10")
    )
    chance = random.Random(20261120)
    for kills in range(3):
        await until(lambda: begun(journal) > 5 * kills, seconds=30)  # noqa: B023 - it is awaited at once
        await asyncio.sleep(chance.uniform(0.0, 0.7))  # the instant of the kill is the random part
        await asyncio.to_thread(home.kill)
    await witnessing
    assert lost_seconds(read_journal(journal), home.locations.database_path), "no reply was cut off"
    await assert_nothing_lost(home, journal, statuses={"completed", "interrupted"})


async def test_interrupted_reply_goes_on_where_it_ended(home: Home) -> None:
    conversation_id = new_id()
    params = sending(conversation_id, "write")
    params["run"]["model"] = "openai/tok300-delay10"
    async with home.client() as client:
        sent = asyncio.create_task(client.send("message.send", params))
        subscription = client.subscribe(conversation_id)
        view = ConversationView()
        reply_id = params["run"]["reply_id"]
        while reply_id not in view.messages or len(view.messages[reply_id].text) < 200:
            view.apply(await anext(subscription))
        await sent
        await asyncio.to_thread(home.kill)
        while view.messages[reply_id].status != "interrupted":
            view.apply(await anext(subscription))
        kept = view.messages[reply_id].text
        run = {"id": new_id(), "reply_id": reply_id, "model": "openai/tok20-delay0"}
        await client.send(
            "message.continue",
            {"conversation_id": conversation_id, "message_id": reply_id, "run": run},
        )
        while view.messages[reply_id].status != "completed":
            view.apply(await anext(subscription))
        fresh = await fresh_view(home, conversation_id)
    text = view.messages[reply_id].text
    assert text.startswith(kept)
    assert len(text) > len(kept)
    assert fresh.messages[reply_id].text == text


async def test_half_open_link_is_noticed_and_left(home: Home, short_dir: str) -> None:
    """Nothing comes and nothing says so: only the heartbeat tells. In earnest it beats each 15 s."""
    path = os.path.join(short_dir, "p")
    plan = Plan(seed=1)
    async with (
        FaultProxy.unix(listen=path, connect=home.locations.socket_path, plan=plan) as proxy,
        client_through(home, path, heartbeat=Heartbeat(0.2, 0.3)) as client,
    ):
        await client.wait_online()
        proxy.is_blackhole = True
        await until(lambda: client.state is not LinkState.ONLINE)
        proxy.is_blackhole = False
        await until(lambda: client.state is LinkState.ONLINE)


async def test_link_is_back_soon_after_the_net(home: Home, short_dir: str) -> None:
    path = os.path.join(short_dir, "p")
    plan = Plan(seed=1)
    async with (
        FaultProxy.unix(listen=path, connect=home.locations.socket_path, plan=plan) as proxy,
        client_through(home, path) as client,
    ):
        await client.wait_online()
        proxy.is_refusing = True
        proxy.cut_all()
        await until(lambda: proxy.accepted >= 6)  # the wait has grown to its longest
        proxy.is_refusing = False
        await until(lambda: client.state is LinkState.ONLINE)


async def test_killed_clients_cost_their_successors_no_text(home: Home) -> None:
    """Two hundred by command: `benchmarks/reattach.py`."""
    outcome = await reattach(home, answers=2, kills=2, tokens=400, delay_ms=8, chance=random.Random(20261120))
    assert outcome.problems == []
    assert outcome.kills > 0


async def test_crowd_that_is_cut_at_once_comes_back_and_leaves_nothing_open(
    home: Home, short_dir: str
) -> None:
    """In large by command: `benchmarks/storm.py`."""
    path, pid = os.path.join(short_dir, "p"), await asyncio.to_thread(home.pid)
    async with (
        FaultProxy.unix(listen=path, connect=home.locations.socket_path, plan=Plan(seed=1)) as proxy,
        crowd(home, path, 40, LOCAL) as clients,
    ):
        before = descriptors(pid)
        for _ in range(3):
            await storm(proxy, clients)
        await until(lambda: descriptors(pid) <= before)


async def test_unsent_message_outlives_client_and_server(home: Home) -> None:
    conversation_id = new_id()
    params = sending(conversation_id, "hello", with_run=False)
    async with connect(SocketTarget("/nowhere"), environ=home.environ) as client:
        outbox = os.path.join(home.locations.outbox_dir, SocketTarget("/nowhere").name)
        sent = asyncio.create_task(client.send("message.send", params))
        await until(lambda: [entry.id for entry in Outbox(outbox).entries()] == [params["id"]])
    with pytest.raises(asyncio.CancelledError):
        await sent
    await asyncio.to_thread(home.kill)
    os.rename(outbox, os.path.join(home.locations.outbox_dir, "local"))
    async with home.client() as client:
        await client.wait_online()
        await until(lambda: client.unsent == 0)
    view = await fresh_view(home, conversation_id)
    assert [message.id for message in view.path()] == [params["id"]]


async def test_snapshot_and_events_of_the_real_server_make_its_next_snapshot(home: Home) -> None:
    conversation_id = new_id()
    view = ConversationView()
    async with home.client() as client:
        await client.call("conversation.create", {"id": conversation_id})
        subscription = client.subscribe(conversation_id)
        view.apply(await anext(subscription))
        params = sending(conversation_id, "first")
        del params["conversation"]["create"]
        params["run"]["model"] = "openai/think20-tok50-delay0"
        await client.send("message.send", params)
        await apply_until(subscription, view, "run.finished")
        run = {"id": new_id(), "reply_id": new_id(), "model": "openai/tok20-delay0"}
        await client.send(
            "message.regenerate",
            {"conversation_id": conversation_id, "message_id": params["run"]["reply_id"], "run": run},
        )
        await apply_until(subscription, view, "run.finished")
        await client.call("conversation.update", {"conversation_id": conversation_id, "title": "named"})
        await apply_until(subscription, view, "conversation.updated")
    fresh = await fresh_view(home, conversation_id)
    assert shown(view) == shown(fresh)


async def apply_until(subscription: Subscription, view: ConversationView, event_type: str) -> None:
    async for update in subscription:
        view.apply(update)
        if isinstance(update, Event) and update.type == event_type:
            return


def shown(view: ConversationView) -> dict[str, object]:
    """What people see of a conversation."""
    return {
        "head": view.head,
        "title": view.conversation["title"],
        "count": view.conversation["message_count"],
        "is_answering": view.conversation["is_answering"],
        "leaf": view.leaf,
        "siblings": [view.siblings(message.id) for message in view.path()],
        "path": [
            (
                message.id,
                message.status,
                message.provider,
                message.model,
                message.finish_reason,
                message.usage,
                [everything_of(part) for part in message.parts],
            )
            for message in view.path()
        ],
        "runs": view.runs,
    }


async def fresh_view(home: Home, conversation_id: str) -> ConversationView:
    async with home.client() as client:
        return (await fresh_views(client, [conversation_id]))[conversation_id]


async def assert_nothing_lost(home: Home, journal: str, statuses: set[str]) -> None:
    witnessed = read_journal(journal)
    async with home.client() as client:
        views = await fresh_views(client, witnessed.conversation_ids)
    assert check(witnessed, home.locations.database_path, views) == []
    assert len(witnessed.accepted) == len(witnessed.sent)
    assert set(witnessed.finished.values()) <= statuses
