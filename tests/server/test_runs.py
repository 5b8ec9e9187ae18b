"""Runs: they belong to the server, can be stopped by anybody, queue behind each other and wait for keys."""

import asyncio
from pathlib import Path

import keyring
import pytest
from keyring.errors import KeyringLocked

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.providers.errors import ProviderError
from chatty.server.live import producing
from tests.server.joined import (
    Frame,
    JoinedClient,
    JoinedServer,
    begin,
    finished_talk,
    joined_server,
    running,
    sending,
)

KEY = {"providers": {"openai": {"api_key": "sk-test-key"}}}


async def reply_of(client: JoinedClient, conversation_id: str, message_id: str) -> Frame:
    params = {"conversation_id": conversation_id, "message_id": message_id}
    message: Frame = (await client.call("message.get", params))["message"]
    return message


async def test_run_whose_end_cannot_be_written_fails_and_keeps_its_text(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("Yes.")
    reply.finish(output_tokens=2**70)
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    assert (ended["data"]["status"], ended["data"]["error"]["type"]) == ("failed", "internal")
    message = await reply_of(client, talk.id, talk.reply_id)
    assert [part["text"] for part in message["parts"]] == ["Yes."]


async def test_whole_reply_is_told_and_kept(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.think("hm")
    reply.write("Yes", ".")
    reply.finish(output_tokens=3)
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    assert ended["data"]["status"] == "completed"
    assert ended["data"]["usage"]["output_tokens"] == 3
    message = await reply_of(client, talk.id, talk.reply_id)
    assert [(part["type"], part["text"]) for part in message["parts"]] == [
        ("reasoning", "hm"),
        ("text", "Yes."),
    ]
    assert (message["status"], message["finish_reason"]) == ("completed", "stop")
    deltas = client.notifications("delta")
    assert [(delta["p"], delta.get("t")) for delta in deltas] == [(0, "reasoning"), (1, None)]


async def test_end_that_cannot_be_written_as_it_was_ends_all_the_same(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("All of it.")
    reply.finish("st\ud800op", output_tokens=2**64)
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    assert (ended["data"]["status"], ended["data"]["error"]["type"]) == ("failed", "internal")
    message = await reply_of(client, talk.id, talk.reply_id)
    assert (message["status"], message["parts"][0]["text"]) == ("failed", "All of it.")
    assert (await client.call("run.list"))["items"] == []


async def test_usage_nobody_reported_is_estimated_and_marked(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    assert ended["data"]["usage"]["estimated"] is True
    assert ended["data"]["usage"]["output_tokens"] > 0


async def test_unknown_price_is_unknown_and_never_zero(server: JoinedServer) -> None:
    client = await server.connect(provider_credentials=KEY)
    talk = await begin(client, run={"model": "openai/of-nobody"})
    reply = await server.keyed.asked()
    reply.write("Yes.")
    reply.finish(output_tokens=3)
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    message = await reply_of(client, talk.id, talk.reply_id)
    assert ended["data"]["usage"].get("cost_usd") is None
    assert message["usage"].get("cost_usd") is None
    assert (await client.call("usage.summary"))["total"]["unpriced_runs"] == 1


async def test_usage_is_summed_over_a_conversation_and_over_one_path(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    await finished_talk(server, client)
    draft = {"id": new_id(), "reply_id": new_id()}
    again = {"conversation_id": talk.id, "message_id": talk.reply_id, "run": draft}
    await client.call("message.regenerate", again)
    (await server.provider.asked()).finish(output_tokens=5)
    await client.saw_event("run.finished", run_id=draft["id"])

    async def runs(**params: str) -> int:
        total: Frame = (await client.call("usage.summary", params))["total"]
        count: int = total["runs"]
        return count

    assert await runs() == 3
    assert await runs(conversation_id=talk.id) == 2
    assert await runs(conversation_id=talk.id, leaf=talk.reply_id) == 1
    for params in ({"conversation_id": new_id()}, {"leaf": talk.reply_id}):
        with pytest.raises(ProtocolError) as caught:
            await client.call("usage.summary", params)
        assert caught.value.family == ("invalid_params" if "leaf" in params else "not_found")


async def test_failure_of_the_provider_is_data_of_the_run(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("half of ")
    reply.fail(ProviderError("It broke.", type="provider/stream_broken", provider="guide"))
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    assert ended["data"]["error"] == {
        "type": "provider/stream_broken",
        "message": "It broke.",
        "retryable": True,
        "details": {"provider": "guide"},
    }
    message = await reply_of(client, talk.id, talk.reply_id)
    assert (message["status"], message["parts"][0]["text"]) == ("failed", "half of ")


async def test_time_allowed_for_a_reply_ends_it(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client, run={"timeout_seconds": 0.01})
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    assert (ended["data"]["status"], ended["data"]["error"]["type"]) == ("failed", "timeout")


async def test_lost_connection_ends_no_run(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    await client.leave()
    reply.write("still here")
    reply.finish()
    other = await server.connect()
    await server.services.engine.settled(talk.id)
    assert (await reply_of(other, talk.id, talk.reply_id))["parts"][0]["text"] == "still here"


# Stopping


async def test_anybody_stops_a_run_and_its_text_is_kept(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("so far")
    await client.saw(lambda frame: frame.get("method") == "delta")
    other = await server.connect()
    assert await other.call("run.cancel", run_id=talk.run_id) == {"status": "cancelling"}
    ended = await client.saw_event("run.finished", run_id=talk.run_id)
    assert ended["data"]["status"] == "cancelled"
    assert reply.closed.is_set()
    assert await other.call("run.cancel", run_id=talk.run_id) == {"status": "cancelled"}
    message = await reply_of(other, talk.id, talk.reply_id)
    assert (message["status"], message["parts"][0]["text"]) == ("cancelled", "so far")
    assert message["usage"]["estimated"] is True


async def test_run_stopped_before_it_starts_is_cancelled(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    params = sending(talk.id, "never mind", mode="queue")
    posted = client.post("message.send", params)
    cancelled = client.post("run.cancel", run_id=params["run"]["id"])
    await client.answer(posted)
    await client.answer(cancelled)
    answer = await client.answer(client.post("run.cancel", run_id=params["run"]["id"]))
    assert answer["result"]["status"] in ("cancelling", "cancelled")
    ended = await client.saw_event("run.finished", run_id=params["run"]["id"])
    assert ended["data"]["status"] == "cancelled"


async def test_run_stopped_in_the_same_flight_as_its_question_is_stopped(
    server: JoinedServer, client: JoinedClient
) -> None:
    for _ in range(10):
        params = sending(new_id(), "never mind", subscribe=True)
        params["conversation"]["create"] = {"origin": "tui"}
        asked = client.post("message.send", params)
        stopped = client.post("run.cancel", run_id=params["run"]["id"])
        assert "result" in await client.answer(asked)
        assert (await client.answer(stopped))["result"]["status"] == "cancelling"
        await client.saw_event("run.finished", run_id=params["run"]["id"], status="cancelled")


async def test_run_that_is_not_there_cannot_be_stopped(client: JoinedClient) -> None:
    with pytest.raises(ProtocolError) as caught:
        await client.call("run.cancel", run_id=running()["id"])
    assert caught.value.type == "not_found"


# One behind the other


async def test_queued_run_starts_when_the_one_before_is_done(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    first = await server.provider.asked()
    params = sending(talk.id, "then?", mode="queue")
    assert (await client.call("message.send", params))["run"]["status"] == "queued"
    assert server.services.engine.active_count == 2
    first.write("one")
    first.finish()
    second = await server.provider.asked()
    assert [message.text for message in second.request.messages] == ["hello", "one", "then?"]
    second.finish()
    await client.saw_event("run.finished", run_id=params["run"]["id"])


async def test_queued_run_starts_after_the_one_before_is_stopped(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    await server.provider.asked()
    params = sending(talk.id, "then?", mode="queue")
    await client.call("message.send", params)
    await client.call("run.cancel", run_id=talk.run_id)
    second = await server.provider.asked()
    assert second.request.idempotency_key == params["run"]["id"]


async def test_chain_of_queued_runs_keeps_its_order(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    first = await server.provider.asked()
    chain = [sending(talk.id, text, mode="queue") for text in ("two", "three")]
    for params in chain:
        await client.call("message.send", params)
    assert server.provider.waiting == 0
    for position, reply in enumerate([first, None, None]):
        asked = reply or await server.provider.asked()
        assert server.provider.waiting == 0
        asked.write(f"answer {position}")
        asked.finish()
    await client.saw_event("run.finished", run_id=chain[-1]["run"]["id"])
    started = [event["data"]["run_id"] for event in client.events() if event["type"] == "run.started"]
    assert started == [talk.run_id, *(params["run"]["id"] for params in chain)]


async def test_run_behind_a_stopped_queued_run_starts(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    first = await server.provider.asked()
    chain = [sending(talk.id, text, mode="queue") for text in ("two", "three")]
    for params in chain:
        await client.call("message.send", params)
    await client.call("run.cancel", run_id=chain[0]["run"]["id"])
    await client.saw_event("run.finished", run_id=chain[0]["run"]["id"], status="cancelled")
    assert server.provider.waiting == 0
    first.finish()
    assert (await server.provider.asked()).request.idempotency_key == chain[1]["run"]["id"]


async def test_nothing_is_asked_below_a_reply_that_is_still_written(
    server: JoinedServer, client: JoinedClient
) -> None:
    """Behind a stopped question, as a version of it, or as another reply to it: it would miss the text."""
    talk = await begin(client)
    first = await server.provider.asked()
    stopped = sending(talk.id, "two", mode="queue")
    await client.call("message.send", stopped)
    await client.call("run.cancel", run_id=stopped["run"]["id"])
    await client.saw_event("run.finished", run_id=stopped["run"]["id"], status="cancelled")
    behind, beside = sending(talk.id, "three", mode="queue"), sending(talk.id, "two, better", mode="branch")
    again = {"conversation_id": talk.id, "message_id": stopped["run"]["reply_id"], "run": running()}
    answers = [
        await client.call("message.send", behind),
        await client.call("message.send", {**beside, "parent_id": talk.reply_id}),
        await client.call("message.regenerate", again),
    ]
    assert [answer["run"]["status"] for answer in answers] == ["queued"] * 3
    assert server.provider.waiting == 0
    first.write("the whole first answer")
    first.finish()
    wanted = {behind["run"]["id"], beside["run"]["id"], again["run"]["id"]}
    asked = [await server.provider.asked() for _ in wanted]
    assert {it.request.idempotency_key for it in asked} == wanted
    assert all("the whole first answer" in str(it.request.messages) for it in asked)


@pytest.mark.parametrize("is_being_written", [False, True])
async def test_questions_asked_at_once_in_two_terminals_are_answered_in_a_row(
    server: JoinedServer, client: JoinedClient, is_being_written: bool
) -> None:
    """Both saw the same last reply, and meant to follow it."""
    talk = await begin(client) if is_being_written else await finished_talk(server, client)
    other = await server.connect()
    first, second = (sending(talk.id, text, mode="queue", parent_id=talk.reply_id) for text in ("a", "b"))
    await client.call("message.send", first)
    answer = await other.call("message.send", second)
    assert (answer["branched"], answer["run"]["status"]) == (False, "queued")
    assert answer["message"]["parent_id"] == first["run"]["reply_id"]
    if is_being_written:
        (await server.provider.asked()).finish()
    for params in (first, second):
        reply = await server.provider.asked()
        assert reply.request.idempotency_key == params["run"]["id"]
        reply.finish()


# Waiting for a key


async def test_key_of_another_shell_is_not_lent_to_a_waiting_run(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client, run={"model": "openai/gpt-test"})
    waiting = await client.saw_event("run.waiting", run_id=talk.run_id)
    assert (waiting["data"]["reason"], waiting["data"]["provider"]) == ("key_missing", "openai")
    await server.connect(provider_credentials=KEY)
    assert (await client.call("run.get", run_id=talk.run_id))["run"]["status"] == "waiting"
    assert server.keyed.waiting == 0
    assert [event["type"] for event in client.events() if event["type"].startswith("run.")] == [
        "run.queued",
        "run.started",
        "run.waiting",
    ]


async def test_run_waits_until_a_key_is_kept(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client, run={"model": "openai/gpt-test"})
    await client.saw_event("run.waiting", run_id=talk.run_id)
    await client.call("provider.add", name="openai", api_key="sk-kept", keep_in="file")
    assert (await server.keyed.asked()).endpoint.api_key is not None


async def test_run_goes_on_once_the_keyring_is_unlocked(
    server: JoinedServer, client: JoinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(service: str, name: str) -> str:
        raise KeyringLocked("nobody is there")

    monkeypatch.setattr(keyring, "get_password", refuse)
    monkeypatch.setattr(producing, "LOOK_AGAIN_SECONDS", 0.01)
    talk = await begin(client, run={"model": "openai/gpt-test"})
    await client.saw_event("run.waiting", run_id=talk.run_id)
    monkeypatch.setattr(keyring, "get_password", lambda *_: "sk-unlocked")
    key = (await server.keyed.asked()).endpoint.api_key
    assert key is not None
    assert key.reveal() == "sk-unlocked"


async def test_waiting_run_can_be_stopped(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client, run={"model": "openai/gpt-test"})
    await client.saw_event("run.waiting", run_id=talk.run_id)
    await client.call("run.cancel", run_id=talk.run_id)
    await client.saw_event("run.finished", run_id=talk.run_id, status="cancelled")


async def test_run_asks_with_its_own_callers_key(server: JoinedServer) -> None:
    mine = await server.connect(provider_credentials=KEY)
    talk = await begin(mine, run={"model": "openai/gpt-test"})
    await server.connect(provider_credentials={"providers": {"openai": {"api_key": "sk-other"}}})
    reply = await server.keyed.asked()
    assert reply.endpoint.api_key is not None
    assert reply.endpoint.api_key.reveal() == "sk-test-key"
    assert talk.run_id == reply.request.idempotency_key


async def test_queued_and_regenerated_replies_ask_with_the_key_of_who_asked_for_them(
    server: JoinedServer,
) -> None:
    elsewhere = {"providers": {"openai": {"api_key": "sk-other", "base_url": "http://127.0.0.1:7/v1"}}}
    mine, other = (
        await server.connect(provider_credentials=KEY),
        await server.connect(provider_credentials=elsewhere),
    )
    talk = await begin(mine, run={"model": "openai/gpt-test"})
    first = await server.keyed.asked()
    queued = sending(
        talk.id, "next", run=running(model="openai/gpt-test"), mode="queue", parent_id=talk.reply_id
    )
    await other.call("message.send", queued)
    await other.leave()
    first.finish()
    asked = [await server.keyed.asked()]
    asked[0].finish()
    again = {"conversation_id": talk.id, "message_id": talk.reply_id}
    third = await server.connect(provider_credentials=elsewhere)
    run = running(model="openai/gpt-test")
    await third.call("message.regenerate", {**again, "run": run})
    asked.append(await server.keyed.asked())
    asked[1].finish()
    await mine.saw_event("run.finished", run_id=run["id"])
    await (await server.connect()).call(
        "message.regenerate", {**again, "run": running(model="openai/gpt-test")}
    )
    for reply in asked:
        assert reply.endpoint.api_key is not None
        assert (reply.endpoint.api_key.reveal(), reply.endpoint.base_url) == (
            "sk-other",
            "http://127.0.0.1:7/v1",
        )
    waiting = await mine.saw_event("run.waiting")
    assert waiting["data"]["reason"] == "key_missing"
    assert server.keyed.waiting == 0


# Leaving


async def test_run_has_its_callers_key_though_the_link_broke_behind_the_request(server: JoinedServer) -> None:
    caller = await server.connect(provider_credentials=KEY)
    params = sending(new_id(), "hello", run={"model": "openai/gpt-test"})
    params["conversation"]["create"] = {"origin": "tui"}
    caller.post("message.send", params)
    await asyncio.sleep(0)  # the request is begun, and waits for the store
    await caller.leave()
    assert (await server.keyed.asked()).endpoint.api_key is not None


async def test_drain_interrupts_what_runs_waits_and_queues(tmp_path: Path) -> None:
    async with joined_server(tmp_path) as server:
        client = await server.connect()
        running_talk = await begin(client)
        reply = await server.provider.asked()
        reply.write("kept")
        await client.saw(lambda frame: frame.get("method") == "delta")
        queued = sending(running_talk.id, "later", mode="queue")
        await client.call("message.send", queued)
        waiting = await begin(client, run={"model": "openai/gpt-test"})
        await client.saw_event("run.waiting", run_id=waiting.run_id)
        await server.services.engine.drain(0)
        for run_id in (running_talk.run_id, queued["run"]["id"], waiting.run_id):
            ended = await client.saw_event("run.finished", run_id=run_id, status="interrupted")
            assert ended["data"]["error"]["type"] == "unavailable/interrupted"
        with pytest.raises(ProtocolError) as caught:
            await client.call("message.send", sending(running_talk.id, "more"))
        assert (caught.value.type, caught.value.retryable) == ("unavailable/draining", True)
        message = await reply_of(client, running_talk.id, running_talk.reply_id)
        assert (message["status"], message["parts"][0]["text"]) == ("interrupted", "kept")
        assert message["error"]["type"] == "unavailable/interrupted"
        assert reply.closed.is_set()


async def test_drain_lets_a_short_reply_end(tmp_path: Path) -> None:
    async with joined_server(tmp_path, drain_seconds=5) as server:
        client = await server.connect()
        talk = await begin(client)
        (await server.provider.asked()).finish()
        await server.services.engine.drain(5)
        await client.saw_event("run.finished", run_id=talk.run_id, status="completed")
