"""After a crash: what was accepted is there, and a reply lacks at most its last half second."""

import asyncio
import json
import shutil
import time
from pathlib import Path

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.store import conversations
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.server_process import asking, server_process
from tests.server.joined import Frame, JoinedServer, Talk, begin, joined_server, running, sending
from tests.server.processes import ask, hello, opened, read_to_the_end

MOMENT_SECONDS = 0.5
"""What a crash may cost, and nothing for a slow machine: the write itself is measured with it."""


async def test_killed_server_loses_no_more_than_the_last_moment(tmp_path: Path) -> None:
    heard: list[tuple[float, str]] = []
    params = asking("go", model="openai/tok20000-delay2")
    reply = {"conversation_id": params["conversation"]["id"], "message_id": params["run"]["reply_id"]}
    async with FakeUpstream() as upstream:
        with server_process(tmp_path) as process:
            async with opened(process) as link:
                own = {"providers": {"openai": {"api_key": "k", "base_url": upstream.url}}}
                await hello(link, provider_credentials=own)
                await ask(link, "message.send", {**params, "subscribe": True})
                while not heard or time.monotonic() < heard[0][0] + 2 * MOMENT_SECONDS:
                    frame = json.loads(await link.recv())
                    if frame["method"] == "delta":
                        heard.append((time.monotonic(), frame["params"]["d"]))
                killed_at = time.monotonic()
                process.stop(9)
    with server_process(tmp_path) as again:
        async with opened(again) as link:
            await hello(link)
            message = (await ask(link, "message.get", reply))["message"]
            kept = message["parts"][0]["text"]
            run = running(reply_id=reply["message_id"])
            resumed = await ask(link, "message.continue", {**reply, "run": run})
    told = "".join(text for _, text in heard)
    due = "".join(text for at, text in heard if at < killed_at - MOMENT_SECONDS)
    assert message["status"] == "interrupted"
    assert len(kept) >= len(due) > 0
    assert told.startswith(kept) or kept.startswith(told)
    assert resumed["run"]["status"] == "running"


async def test_next_start_interrupts_the_run_and_keeps_its_text(server: JoinedServer, tmp_path: Path) -> None:
    talk = await text_in_flight(server)
    image = crash_image(tmp_path)
    async with joined_server(image) as after:
        client = await after.connect()
        message = await client.call("message.get", conversation_id=talk.id, message_id=talk.reply_id)
        assert message["message"]["status"] == "interrupted"
        assert [(part["type"], part["text"], part["status"]) for part in message["message"]["parts"]] == [
            ("reasoning", "hm", "completed"),
            ("text", "kept", "completed"),
        ]
        events = (
            await client.call(
                "conversation.subscribe",
                conversation_id=talk.id,
                since={"history_id": after.services.history_id, "seq": 5},
            )
        )["events"]
        assert [event["type"] for event in events][-3:] == [
            "part.completed",
            "part.completed",
            "run.finished",
        ]
        assert (await client.call("run.list"))["items"] == []
        with pytest.raises(ProtocolError):  # a second start finds nothing to interrupt
            await client.call("message.send", sending(talk.id, "x", parent_id=talk.message_id))


async def test_interrupted_run_says_why_and_what_it_used_about(server: JoinedServer, tmp_path: Path) -> None:
    talk = await text_in_flight(server)
    async with joined_server(crash_image(tmp_path)) as after:
        client = await after.connect()
        message = (await client.call("message.get", conversation_id=talk.id, message_id=talk.reply_id))[
            "message"
        ]
        run = (await client.call("run.get", run_id=talk.run_id))["run"]
        told = await last_event(after, talk.id)
        assert (told["type"], told["data"]["status"]) == ("run.finished", "interrupted")
        for error in (message["error"], run["error"], told["data"]["error"]):
            assert (error["type"], error["retryable"]) == ("unavailable/interrupted", True)
            assert "server ended" in error["message"]
        assert message["usage"] == told["data"]["usage"]
        assert message["usage"] == {
            "input_tokens": 6,
            "cached_input_tokens": 0,
            "output_tokens": 2,
            "reasoning_tokens": 0,
            "cost_usd": 0.0,
            "estimated": True,
        }
        total = (await client.call("usage.summary", by="model"))["total"]
        assert (total["runs"], total["usage"]["output_tokens"], total["usage"]["estimated"]) == (1, 2, True)


async def test_run_that_went_on_is_charged_for_its_own_text_only(
    server: JoinedServer, tmp_path: Path
) -> None:
    talk = await text_in_flight(server)
    client = server.clients[0]
    await client.call("run.cancel", run_id=talk.run_id)
    await client.saw_event("run.finished", run_id=talk.run_id)
    run = running(reply_id=talk.reply_id)
    await client.call("message.continue", conversation_id=talk.id, message_id=talk.reply_id, run=run)
    reply = await server.provider.asked()
    reply.write(" and more")
    await client.saw_event("part.started", part=1, offset=4)
    async with joined_server(crash_image(tmp_path)) as after:
        told = await last_event(after, talk.id)
        assert told["data"]["run_id"] == run["id"]
        assert told["data"]["usage"]["output_tokens"] == 3
        client = await after.connect()
        message = (await client.call("message.get", conversation_id=talk.id, message_id=talk.reply_id))[
            "message"
        ]
        assert message["parts"][1]["text"] == "kept and more"


async def test_run_that_wrote_nothing_is_charged_for_nothing(server: JoinedServer, tmp_path: Path) -> None:
    client = await server.connect()
    talk = await begin(client)
    await server.provider.asked()
    async with joined_server(crash_image(tmp_path)) as after:
        told = await last_event(after, talk.id)
        assert (told["data"]["error"]["type"], told["data"].get("usage")) == ("unavailable/interrupted", None)


async def last_event(server: JoinedServer, conversation_id: str) -> Frame:
    client = await server.connect()
    since = {"history_id": server.services.history_id, "seq": 1}
    tail = await client.call("conversation.subscribe", conversation_id=conversation_id, since=since)
    event: Frame = tail["events"][-1]
    return event


async def test_interrupted_reply_is_found_by_its_text(server: JoinedServer, tmp_path: Path) -> None:
    await text_in_flight(server)
    async with joined_server(crash_image(tmp_path)) as after:
        client = await after.connect()
        assert len((await client.call("search.query", query="kept"))["items"]) == 1


async def test_run_of_a_deleted_conversation_does_not_stop_the_start(
    server: JoinedServer, tmp_path: Path
) -> None:
    talk = await text_in_flight(server)
    scope, database = server.services.principal.scope, server.services.stores.durable
    await database.write(scope, conversations.delete, talk.id, 1)
    async with joined_server(crash_image(tmp_path)) as after:
        client = await after.connect()
        await client.call("conversation.restore", conversation_id=talk.id)
        shown = await client.call("message.get", conversation_id=talk.id, message_id=talk.reply_id)
        assert shown["message"]["status"] == "interrupted"


async def text_in_flight(server: JoinedServer) -> Talk:
    """Begin a reply and return when its text is on the disk, unfinished."""
    client = await server.connect()
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.think("hm")
    reply.write("kept")
    await client.saw_event("part.started", part=1)
    return talk


def crash_image(data_dir: Path) -> Path:
    """Copy the files as a crash would leave them."""
    image = data_dir / "image"
    image.mkdir()
    for name in ("chatty.db", "chatty.db-wal"):
        shutil.copy(data_dir / name, image / name)
    return image


async def test_server_that_is_asked_to_stop_interrupts_what_runs_and_says_so(tmp_path: Path) -> None:
    params = asking("go", model="openai/tok20000-delay2")
    reply = {"conversation_id": params["conversation"]["id"], "message_id": params["run"]["reply_id"]}
    async with FakeUpstream() as upstream:
        with server_process(tmp_path, "--drain-seconds", "0.1") as process:
            async with opened(process) as link:
                own = {"providers": {"openai": {"api_key": "k", "base_url": upstream.url}}}
                await hello(link, provider_credentials=own)
                await ask(link, "message.send", {**params, "subscribe": True})
                while json.loads(await link.recv())["method"] != "delta":
                    pass
                process.process.terminate()
                frames, code = await read_to_the_end(link)
            assert code == 1012
            assert await asyncio.to_thread(process.stop) == 0
            await upstream.wait_for_no_connections()
    assert [f["params"]["type"] for f in frames if f["method"] == "notice"] == ["draining"]
    assert frames[-1]["params"]["type"] == "run.finished"
    assert frames[-1]["params"]["data"]["status"] == "interrupted"
    with server_process(tmp_path) as again:
        message = again.call("message.get", **reply)["result"]["message"]
    assert message["status"] == "interrupted"
    told = "".join(f["params"]["d"] for f in frames if f["method"] == "delta")
    assert message["parts"][0]["text"].endswith(told)
