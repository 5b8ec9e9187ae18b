"""Saying something: modes, conflicts, siblings, and doing the same thing twice."""

from typing import Any

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.protocol.limits import Limits
from tests.server.joined import (
    Frame,
    JoinedClient,
    JoinedServer,
    Talk,
    begin,
    finished_talk,
    joined_server,
    running,
    sending,
)


async def refused(client: JoinedClient, method: str, params: Frame | None = None, **named: Any) -> str:
    with pytest.raises(ProtocolError) as caught:
        await client.call(method, params, **named)
    return caught.value.type


async def tree(client: JoinedClient, conversation_id: str) -> list[tuple[str | None, str]]:
    nodes = (await client.call("message.tree", conversation_id=conversation_id))["nodes"]
    return [(node.get("parent_id"), node["id"]) for node in nodes]


# Sending


async def test_accepted_message_comes_back_with_its_reply_and_events(
    server: JoinedServer, client: JoinedClient
) -> None:
    conversation_id = new_id()
    params = sending(conversation_id, "first line\nsecond", subscribe=True)
    params["conversation"]["create"] = {"origin": "tui"}
    result = await client.call("message.send", params)
    assert result["message"]["parts"] == [
        {"type": "text", "text": "first line\nsecond", "status": "completed", "g": 0}
    ]
    assert (result["run"]["status"], result["run"]["message_id"]) == ("running", params["run"]["reply_id"])
    assert result["seq"] == 5
    await client.saw_event("run.started", run_id=params["run"]["id"])
    assert [event["type"] for event in client.events()][:4] == [
        "conversation.created",
        "message.created",
        "message.created",
        "run.queued",
    ]
    shown = (await client.call("conversation.get", conversation_id=conversation_id))["conversation"]
    assert (shown["title"], shown["title_source"], shown["message_count"]) == ("first line", "auto", 2)


async def test_message_for_people_only_makes_no_run(client: JoinedClient) -> None:
    params = sending(new_id(), "a note", with_run=False)
    params["conversation"]["create"] = {}
    result = await client.call("message.send", params)
    assert "run" not in result
    assert result["seq"] == 2


async def test_draft_of_a_conversation_that_is_there_is_ignored(client: JoinedClient) -> None:
    conversation_id = new_id()
    await client.call("conversation.create", id=conversation_id, title="mine")
    params = sending(conversation_id, "x", with_run=False)
    params["conversation"]["create"] = {"title": "other"}
    await client.call("message.send", params)
    shown = (await client.call("conversation.get", conversation_id=conversation_id))["conversation"]
    assert (shown["title"], shown["message_count"]) == ("mine", 1)


async def test_conversation_that_is_not_there_is_not_made(client: JoinedClient) -> None:
    assert await refused(client, "message.send", sending(new_id(), "x")) == "not_found"


async def test_parent_of_another_conversation_is_not_found(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk, other = await finished_talk(server, client), await finished_talk(server, client)
    params = sending(talk.id, "x", parent_id=other.reply_id, mode="branch")
    assert await refused(client, "message.send", params) == "not_found"
    params = {"conversation_id": talk.id, "message_id": other.reply_id}
    assert await refused(client, "message.get", params) == "not_found"


async def test_provider_nobody_knows_is_refused_before_anything_is_written(client: JoinedClient) -> None:
    params = sending(new_id(), "x", run={"model": "acme/large"})
    params["conversation"]["create"] = {}
    assert await refused(client, "message.send", params) == "not_found"
    assert (await client.call("conversation.list"))["items"] == []


async def test_failed_send_leaves_no_subscription(client: JoinedClient) -> None:
    conversation_id = new_id()
    assert await refused(client, "message.send", sending(conversation_id, "x", subscribe=True)) == "not_found"
    assert client.connection.subscription(conversation_id) is None


async def test_too_much_text_is_refused(tmp_path: Any) -> None:
    async with joined_server(tmp_path, limits=Limits(max_text_bytes=10)) as server:
        client = await server.connect()
        params = sending(new_id(), "ééééé!", with_run=False)
        params["conversation"]["create"] = {}
        assert await refused(client, "message.send", params) == "too_large/parts"


# Append, branch and queue


async def test_append_under_a_reply_being_written_is_a_conflict(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await begin(client)
    with pytest.raises(ProtocolError) as caught:
        await client.call("message.send", sending(talk.id, "and?"))
    assert caught.value.type == "conflict/parent_moved"
    assert caught.value.details == {
        "parent_id": talk.reply_id,
        "leaf": talk.reply_id,
        "is_being_written": True,
    }
    assert len(await tree(client, talk.id)) == 2


async def test_append_under_a_message_that_was_answered_is_a_conflict(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    await client.call("message.send", sending(talk.id, "one", with_run=False))
    params = sending(talk.id, "two", parent_id=talk.reply_id)
    assert await refused(client, "message.send", params) == "conflict/parent_moved"


async def test_branch_always_works(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    params = sending(talk.id, "meanwhile", parent_id=talk.reply_id, mode="branch", with_run=False)
    await client.call("message.send", params)
    assert (talk.reply_id, params["id"]) in await tree(client, talk.id)


async def test_queued_message_under_a_moved_parent_is_a_branch_and_says_so(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    await client.call("message.send", sending(talk.id, "one", with_run=False))
    params = sending(talk.id, "two", parent_id=talk.reply_id, mode="queue", with_run=False)
    assert (await client.call("message.send", params))["branched"] is True
    assert (await tree(client, talk.id))[-1] == (talk.reply_id, params["id"])


async def test_second_run_for_one_message_is_refused(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    with pytest.raises(ProtocolError) as caught:
        await client.call(
            "message.regenerate", conversation_id=talk.id, message_id=talk.reply_id, run=running()
        )
    assert (caught.value.type, caught.value.details) == ("conflict/run_active", {"run_id": talk.run_id})


# Edit, regenerate, continue


async def test_edit_makes_a_sibling(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    edited: Frame = {
        "conversation_id": talk.id,
        "message_id": talk.message_id,
        "id": new_id(),
        "parts": [{"type": "text", "text": "better"}],
        "run": running(),
    }
    result = await client.call("message.edit", edited)
    assert result["message"]["edited_from_id"] == talk.message_id
    assert await tree(client, talk.id) == [
        (None, talk.message_id),
        (talk.message_id, talk.reply_id),
        (None, edited["id"]),
        (edited["id"], edited["run"]["reply_id"]),
    ]
    asked = await server.provider.asked()
    assert [message.text for message in asked.request.messages] == ["better"]


async def test_only_what_people_said_is_edited(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    params: Frame = {"conversation_id": talk.id, "message_id": talk.reply_id, "id": new_id()}
    params["parts"] = [{"type": "text", "text": "no"}]
    assert await refused(client, "message.edit", params) == "invalid_params"


@pytest.mark.parametrize("named", ["reply_id", "message_id"])
async def test_regenerated_reply_stands_beside_the_first(
    server: JoinedServer, client: JoinedClient, named: str
) -> None:
    talk = await finished_talk(server, client)
    draft = running()
    params = {"conversation_id": talk.id, "message_id": getattr(talk, named), "run": draft}
    await client.call("message.regenerate", params)
    assert await tree(client, talk.id) == [
        (None, talk.message_id),
        (talk.message_id, talk.reply_id),
        (talk.message_id, draft["reply_id"]),
    ]
    assert (await client.call("message.regenerate", params))["duplicate"] is True


async def test_stopped_reply_goes_on_where_it_ended(server: JoinedServer, client: JoinedClient) -> None:
    talk = await begin(client)
    reply = await server.provider.asked()
    reply.write("Once upon ")
    await client.saw(lambda frame: frame.get("method") == "delta")
    await client.call("run.cancel", run_id=talk.run_id)
    await client.saw_event("run.finished", run_id=talk.run_id)
    draft = running(reply_id=talk.reply_id)
    await client.call("message.continue", conversation_id=talk.id, message_id=talk.reply_id, run=draft)
    more = await server.provider.asked()
    assert [message.role for message in more.request.messages] == ["user", "assistant", "user"]
    assert more.request.messages[1].text == "Once upon "
    more.write("a time")
    more.finish()
    await client.saw_event("run.finished", run_id=draft["id"])
    shown = await client.call("message.get", conversation_id=talk.id, message_id=talk.reply_id)
    assert [part["text"] for part in shown["message"]["parts"]] == ["Once upon a time"]
    assert client.notifications("delta")[-1]["o"] == len("Once upon ")
    started = [event for event in client.events() if event["type"] == "part.started"]
    assert [event["data"]["offset"] for event in started] == [0, len("Once upon ")]


async def test_complete_reply_does_not_go_on(server: JoinedServer, client: JoinedClient) -> None:
    talk = await finished_talk(server, client)
    params = {
        "conversation_id": talk.id,
        "message_id": talk.reply_id,
        "run": running(reply_id=talk.reply_id),
    }
    assert await refused(client, "message.continue", params) == "conflict/not_resumable"
    params["run"] = running()
    assert await refused(client, "message.continue", params) == "invalid_params"


# The same thing twice


async def test_repeated_send_is_done_once(server: JoinedServer, client: JoinedClient) -> None:
    conversation_id = new_id()
    params = sending(conversation_id, "once")
    params["conversation"]["create"] = {"origin": "tui"}
    first = await client.call("message.send", params)
    again = await client.call("message.send", params | {"subscribe": True})
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert again["message"] == first["message"]
    assert again["run"]["id"] == first["run"]["id"]
    assert len(await tree(client, conversation_id)) == 2
    await server.provider.asked()
    assert server.provider.waiting == 0


async def test_repeated_requests_are_answered_though_their_provider_is_gone(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    await client.call("provider.add", name="lab", base_url="http://127.0.0.1:9/v1")
    sent = sending(talk.id, "once", run={"model": "lab/m"})
    named = {"conversation_id": talk.id, "message_id": talk.reply_id}
    requests = [
        ("message.send", sent),
        ("message.regenerate", named | {"run": running(model="lab/m")}),
        ("message.edit", named_edit(talk, model="lab/m")),
        ("message.continue", {**named, "message_id": sent["run"]["reply_id"]}),
    ]
    requests[3][1]["run"] = running(model="lab/m", reply_id=sent["run"]["reply_id"])
    first = []
    for method, params in requests:
        first.append(await client.call(method, params))
        await client.call("run.cancel", run_id=params["run"]["id"])
        await client.saw_event("run.finished", run_id=params["run"]["id"])
    await client.call("provider.remove", name="lab")
    assert (
        await refused(client, "message.send", sending(talk.id, "new", run={"model": "lab/m"})) == "not_found"
    )
    for (method, params), answer in zip(requests, first, strict=True):
        again = await client.call(method, params)
        assert (again["duplicate"], again["run"]["id"]) == (True, answer["run"]["id"])
        assert again["message"]["id"] == answer["message"]["id"]


def named_edit(talk: Talk, model: str) -> Frame:
    params = sending(talk.id, "differently", run={"model": model})
    del params["conversation"]
    return params | {"conversation_id": talk.id, "message_id": talk.message_id}


async def test_repeated_send_from_another_connection_is_done_once(
    server: JoinedServer, client: JoinedClient
) -> None:
    talk = await finished_talk(server, client)
    params = sending(talk.id, "twice", with_run=False)
    other = await server.connect()
    ids = [client.post("message.send", params), other.post("message.send", params)]
    answers = [await client.answer(ids[0]), await other.answer(ids[1])]
    assert sorted(answer["result"]["duplicate"] for answer in answers) == [False, True]
    assert len(await tree(client, talk.id)) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"parts": [{"type": "text", "text": "something else"}]},
        {"parent_id": None, "mode": "branch"},
        {"run": None},
    ],
)
async def test_same_id_for_something_else_is_refused(
    server: JoinedServer, client: JoinedClient, change: Frame
) -> None:
    talk = await finished_talk(server, client)
    params = sending(talk.id, "mine")
    await client.call("message.send", params)
    assert await refused(client, "message.send", params | change) == "conflict/idempotency_mismatch"


@pytest.mark.parametrize("noun", ["conversation", "project", "prompt"])
async def test_update_of_what_has_changed_is_refused_with_what_it_is_now(
    client: JoinedClient, noun: str
) -> None:
    made: Frame = {"id": new_id()}
    if noun != "conversation":
        made |= {"name": "mine"}
    if noun == "prompt":
        made |= {"body": "text"}
    field = "title" if noun == "conversation" else "name"
    named = {f"{noun}_id": made["id"]}
    await client.call(f"{noun}.create", made)
    await client.call(f"{noun}.update", {**named, field: "a", "if_version": 1})
    with pytest.raises(ProtocolError) as caught:
        await client.call(f"{noun}.update", {**named, field: "b", "if_version": 1})
    current = (await client.call(f"{noun}.get", named))[noun]
    assert (caught.value.type, current[field]) == ("conflict/version", "a")
    assert caught.value.details == {"kind": noun, "version": current["version"], "current": current}


async def test_attached_text_keeps_its_name_and_is_fenced_for_the_model(
    server: JoinedServer, client: JoinedClient
) -> None:
    parts = [{"type": "text", "text": "```\nx", "name": "a.py"}, {"type": "text", "text": "explain"}]
    await begin(client, parts=parts)
    asked = await server.provider.asked()
    assert asked.request.messages[0].text == "a.py:\n````\n```\nx\n````\n\nexplain"
    created = next(event for event in client.events() if event["type"] == "message.created")
    assert [part.get("name") for part in created["data"]["message"]["parts"]] == ["a.py", None]
