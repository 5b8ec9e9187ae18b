"""The controller over the real client library and a server in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatty.client.backoff import Backoff
from chatty.client.connection import Client
from chatty.client.outbox import Outbox
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.tui.controller import LAST, Controller
from chatty.tui.crashes import Crashes
from chatty.tui.state import NEW, Message, OpenConversation
from chatty.tui.store import Store
from chatty.tui.wishes import Returned
from tests.instruments.fake_server import FakeServer
from tests.instruments.reference import AT, Conversation, JsonObject, sending
from tests.instruments.waiting import until

pytestmark = pytest.mark.timeout(20)


def says_so(run: JsonObject) -> list[str]:
    """A reply in two pieces."""
    return ["So", " it is."]


@asynccontextmanager
async def sitting(
    server: FakeServer,
    directory: Path,
    conversation: str | None = None,
    *,
    starts: bool = True,
    model: str | None = "fake/m",
    default_model: str | None = None,
    project: str | None = None,
    crashes: Crashes | None = None,
) -> AsyncIterator[tuple[Controller, Store]]:
    """A controller at work, and the state it fills."""
    store = Store()

    async def connect() -> Client:
        backoff = Backoff(first_seconds=0.0)
        return Client(server.dial, outbox=Outbox(str(directory / "outbox")), backoff=backoff)

    controller = Controller(
        store,
        connect,
        config_file=str(directory / "config.toml"),
        conversation=conversation,
        model=model,
        default_model=default_model,
        project=project,
        crashes=crashes,
    )
    if starts:
        controller.start()
    try:
        yield controller, store
    finally:
        await controller.close()
        await server.settle()


def opened(store: Store) -> OpenConversation:
    assert store.open is not None
    return store.open


def shown(store: Store) -> list[tuple[str, str, str]]:
    """Role, status and text of the messages on the path."""
    here = opened(store)
    path = [here.messages[message_id] for message_id in here.path if message_id in here.messages]
    return [(message.role, message.status, message.text) for message in path]


ANSWERED = [("user", "completed", "Is it?"), ("assistant", "completed", "So it is.")]


def newest(store: Store) -> Message:
    here = opened(store)
    return here.messages[here.path[-1]]


async def test_question_is_shown_at_once_and_answered(tmp_path: Path) -> None:
    async with sitting(FakeServer(script=says_so), tmp_path) as (controller, store):
        assert opened(store).is_new
        controller.send("Is it?")
        assert shown(store) == [("user", "pending", "Is it?"), ("assistant", "pending", "")]
        assert opened(store).active_run() is not None
        await until(lambda: shown(store) == ANSWERED)
        assert opened(store).runs == {}
        assert not opened(store).is_new


async def test_nothing_is_stored_before_the_first_message(tmp_path: Path) -> None:
    server = FakeServer()
    async with sitting(server, tmp_path) as (controller, store):
        controller.new_conversation()
        await until(lambda: store.link.kind == "well")
        methods = [method for method, _ in server.heard]
        assert not {"conversation.create", "message.send"} & set(methods)


async def test_question_asked_before_the_program_is_connected_is_sent(tmp_path: Path) -> None:
    async with sitting(FakeServer(script=says_so), tmp_path, starts=False) as (controller, store):
        controller.send("Is it?")
        controller.start()
        await until(lambda: shown(store) == ANSWERED)


async def test_questions_in_a_row_follow_each_other(tmp_path: Path) -> None:
    async with sitting(FakeServer(script=says_so), tmp_path) as (controller, store):
        controller.send("Is it?")
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED * 2)


def kept_in(directory: Path) -> list[str]:
    """Names of the files in the outbox."""
    return sorted(path.name for path in (directory / "outbox").iterdir())


async def test_refused_text_is_given_back_with_the_reason(tmp_path: Path) -> None:
    server = FakeServer()
    server.refusals["message.send"] = [ProtocolError("not_found", "there is no provider x")]
    async with sitting(server, tmp_path) as (controller, store):
        controller.send("precious")
        await until(lambda: store.wishes.texts == [Returned(NEW, "precious")])
        await until(lambda: store.note.text == "there is no provider x")
        assert (shown(store), opened(store).runs, opened(store).is_new) == ([], {}, True)
        (name,) = kept_in(tmp_path)
        assert name.endswith(".refused")
        (returned,) = store.take_wishes().texts
        returned.when_kept()
        await until(lambda: kept_in(tmp_path) == [])


async def test_text_refused_while_nobody_looked_is_shown_at_the_next_start(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "outbox"))
    params = {"conversation": {"id": new_id()}, "id": new_id(), "parts": [{"type": "text", "text": "old"}]}
    outbox.put(entry := outbox.prepare("message.send", params))
    outbox.refuse(entry, "there is no model x")
    async with sitting(FakeServer(), tmp_path) as (_, store):
        await until(lambda: store.wishes.texts == [Returned(NEW, "old")])
        assert len(kept_in(tmp_path)) == 1
        store.take_wishes().texts[0].when_kept()
        await until(lambda: kept_in(tmp_path) == [])


async def test_text_of_an_earlier_program_that_is_refused_now_is_shown(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "outbox"))
    params = {"conversation": {"id": new_id()}, "id": new_id(), "parts": [{"type": "text", "text": "late"}]}
    outbox.put(outbox.prepare("message.send", params))
    async with sitting(FakeServer(), tmp_path) as (_, store):
        await until(lambda: store.wishes.texts == [Returned(NEW, "late")])


async def test_question_sent_while_the_link_is_down_arrives_once(tmp_path: Path) -> None:
    server = FakeServer(script=says_so)
    async with sitting(server, tmp_path) as (controller, store):
        await until(lambda: store.link.kind == "well")
        server.cut_all()
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED)


async def test_stopped_answer_is_stopping_and_then_stopped(tmp_path: Path) -> None:
    server = FakeServer()
    async with sitting(server, tmp_path) as (controller, store):
        controller.send("Is it?")
        controller.stop()
        run = opened(store).active_run()
        assert run is not None
        assert run.status == "cancelling"
        await until(lambda: newest(store).status == "cancelled")


async def test_edit_and_again_make_versions_and_the_arrows_walk_them(tmp_path: Path) -> None:
    server = FakeServer(script=says_so)
    async with sitting(server, tmp_path) as (controller, store):
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED)
        controller.again(newest(store))
        await until(
            lambda: shown(store) == ANSWERED and opened(store).sibling_place(newest(store).id) == (2, 2)
        )
        before = len(server.heard)
        controller.show_sibling(newest(store), -1)
        await until(lambda: opened(store).sibling_place(newest(store).id) == (1, 2))
        heard = {method for method, _ in server.heard[before:]} - {"usage.summary"}
        assert heard == {"conversation.set_leaf"}, "both versions are at hand"
        question = opened(store).messages[opened(store).path[0]]
        controller.edit(question, "Was it?")
        await until(lambda: shown(store) == [("user", "completed", "Was it?"), ANSWERED[1]])
        assert opened(store).sibling_place(opened(store).path[0]) == (2, 2)


def question(conversation_id: str, words: str, parent_id: str | None = None) -> JsonObject:
    params = sending(conversation_id, words, with_run=False)
    return params | ({"parent_id": parent_id} if parent_id else {})


def long_talk(server: FakeServer, count: int) -> list[str]:
    """Fill the conversation "long" with questions in a row; return their ids."""
    for number in range(count):
        server.reference.handle("message.send", question("long", str(number)))
    return list(server.reference.conversations["long"].messages)


async def test_version_with_more_below_it_is_shown_to_its_end(tmp_path: Path) -> None:
    server = FakeServer()
    ids = long_talk(server, 3)
    for words in ("other second", "other third"):
        parent_id = ids[0] if words == "other second" else None
        server.reference.handle("message.send", question("long", words, parent_id))
    async with sitting(server, tmp_path, "long") as (controller, store):
        await until(lambda: [words for _, _, words in shown(store)] == ["0", "other second", "other third"])
        controller.show_sibling(opened(store).messages[opened(store).path[1]], -1)
        await until(lambda: [words for _, _, words in shown(store)] == ["0", "1", "2"])
        controller.show_sibling(opened(store).messages[opened(store).path[1]], 1)
        await until(lambda: [words for _, _, words in shown(store)] == ["0", "other second", "other third"])


@pytest.mark.parametrize("place", [3, 299])
async def test_hit_far_above_is_loaded_without_changing_the_path(tmp_path: Path, place: int) -> None:
    server = FakeServer()
    ids = long_talk(server, 300)
    async with sitting(server, tmp_path) as (controller, store):
        controller.open_conversation("long", ids[place])
        await until(lambda: store.wishes.show_message == ids[place])
        assert opened(store).path[-1] == ids[-1]


async def test_hit_on_another_path_above_its_end_is_shown(tmp_path: Path) -> None:
    server = FakeServer()
    ids = long_talk(server, 300)
    server.reference.handle("message.send", question("long", "elsewhere", ids[1]))
    async with sitting(server, tmp_path, "long") as (controller, store):
        await until(lambda: len(shown(store)) == 3)
        controller.open_conversation("long", ids[5])
        await until(lambda: store.wishes.show_message == ids[5])
        assert opened(store).path[-1] == ids[-1]


async def test_hit_that_is_gone_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer()
    long_talk(server, 300)
    said: list[str] = []
    async with sitting(server, tmp_path, "long") as (controller, store):
        await until(lambda: len(shown(store)) == 50)
        monkeypatch.setattr(store, "say", lambda note, **_: said.append(note))
        controller.open_conversation("long", "nowhere")
        await until(lambda: "that message is no longer there" in said)
        assert len(shown(store)) == 50


async def test_going_on_above_the_window_from_elsewhere_is_followed(tmp_path: Path) -> None:
    server = FakeServer()
    ids = long_talk(server, 300)
    async with sitting(server, tmp_path, "long") as (_, store):
        await until(lambda: len(shown(store)) == 50)
        edited = {"conversation_id": "long", "message_id": ids[100], **sending("long", "said differently")}
        del edited["conversation"]
        server.reference.handle("message.edit", edited)
        await until(lambda: shown(store)[-2:-1] == [("user", "completed", "said differently")])
        await until(lambda: opened(store).sibling_place(opened(store).path[-2]) == (2, 2))
        assert len(shown(store)) == 50


@pytest.mark.parametrize(
    ("own", "model", "picked", "named", "answering"),
    [
        ("fake/own", None, None, None, "own"),
        (None, None, None, "fake/usual", "usual"),
        ("fake/own", "fake/asked", None, "fake/asked", "asked"),
        ("fake/own", None, "fake/picked", "fake/picked", "picked"),
    ],
)
async def test_projects_model_goes_before_the_usual_one_and_behind_a_chosen_one(
    tmp_path: Path, own: str | None, model: str | None, picked: str | None, named: str | None, answering: str
) -> None:
    server = FakeServer()
    projects = {"items": [{"id": "p1", "name": "api", "default_model": own}]}
    setattr(server.reference, "_project_list", lambda params: projects)  # noqa: B010  # found by its name
    begun = sitting(server, tmp_path, model=model, default_model="fake/usual", project="api")
    async with begun as (controller, store):
        await until(lambda: opened(store).project == "api")
        if picked:
            controller.choose_model(picked, as_default=False)
        await until(lambda: opened(store).model == answering)
        controller.send("Is it?")
        assert newest(store).model == answering, "shown before the server was heard"
        await until(lambda: any(method == "message.send" for method, _ in server.heard))
        params = next(params for method, params in server.heard if method == "message.send")
        assert params["run"].get("model") == named
        assert params["conversation"]["create"].get("model") == named
        assert params["conversation"]["create"]["project_id"] == "p1"


async def test_edit_keeps_the_files_that_came_with_the_question(tmp_path: Path) -> None:
    server = FakeServer(script=says_so)
    file = {"type": "text", "text": "a\x1b[2Jb", "name": "notes.md"}
    async with sitting(server, tmp_path) as (controller, store):
        await until(lambda: store.link.kind == "well")
        asked = sending(opened(store).id, "Is it?")
        server.reference.handle(
            "message.send", {**asked, "parts": [file, *asked["parts"], {**file, "name": "more.md"}]}
        )
        controller.open_conversation(opened(store).id)
        await until(lambda: bool(opened(store).path))
        server.silent_methods.add("message.edit")
        controller.edit(opened(store).messages[opened(store).path[0]], "Was it?")
        edited = opened(store).messages[opened(store).path[0]]
        assert [part.type for part in edited.parts] == ["file", "text", "file"]
        controller.edit(edited, "Will it?")
        await until(lambda: "message.edit" in dict(server.heard))
        parts = [file, {"type": "text", "text": "Was it?"}, {**file, "name": "more.md"}]
        assert dict(server.heard)["message.edit"]["parts"] == parts
        newest_question = opened(store).messages[opened(store).path[-2]]
        assert [part.type for part in newest_question.parts] == ["file", "text", "file"]


async def test_last_conversation_is_found_and_takes_what_was_sent_meanwhile(tmp_path: Path) -> None:
    server = FakeServer(script=says_so)
    async with sitting(server, tmp_path) as (controller, store):
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED)
    async with sitting(server, tmp_path, LAST) as (controller, store):
        assert opened(store).id == ""
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED * 2)


@pytest.mark.parametrize("is_last", [True, False])
async def test_named_model_answers_in_the_conversation_that_is_opened(tmp_path: Path, is_last: bool) -> None:
    server = FakeServer()
    conversation_id = new_id()
    server.reference.handle("message.send", sending(conversation_id, "Is it?"))
    wanted = LAST if is_last else conversation_id
    async with sitting(server, tmp_path, wanted, model="fake/asked") as (controller, store):
        await until(lambda: bool(opened(store).path))
        heard = dict(server.heard)
        assert heard["conversation.update"] == {"conversation_id": conversation_id, "model": "fake/asked"}
        assert list(heard).index("conversation.update") < list(heard).index("conversation.subscribe")
        controller.send("Is it?")
        assert newest(store).model == "asked"


async def test_conversation_is_opened_even_when_its_model_is_refused(tmp_path: Path) -> None:
    server = FakeServer()
    conversation_id = new_id()
    server.reference.handle("message.send", sending(conversation_id, "Is it?"))
    server.refusals["conversation.update"] = [ProtocolError("not_found", "there is no provider x")]
    async with sitting(server, tmp_path, conversation_id, model="x/y") as (_, store):
        said: list[str] = []
        store.on_change = lambda: said.append(store.note.text)
        await until(lambda: bool(opened(store).path))
        assert "there is no provider x" in said


async def test_what_waits_for_its_conversation_is_shown_and_kept_until_then(tmp_path: Path) -> None:
    server = FakeServer(script=says_so)
    async with sitting(server, tmp_path, LAST, starts=False) as (controller, store):
        controller.send("Is it?")
        assert shown(store) == [("user", "pending", "Is it?")]
        assert list(store.unsent.values()) == ["Is it?"]
        controller.start()
        await until(lambda: shown(store) == ANSWERED)
        assert store.unsent == {}


async def test_text_is_kept_until_the_outbox_has_it(tmp_path: Path) -> None:
    server = FakeServer()
    server.silent_methods.add("message.send")
    async with sitting(server, tmp_path, starts=False) as (controller, store):
        controller.send("Is it?")
        assert list(store.unsent.values()) == ["Is it?"]
        controller.start()
        await until(lambda: store.unsent == {})
        assert [entry.params["parts"] for entry in Outbox(str(tmp_path / "outbox")).entries()] == [
            [{"type": "text", "text": "Is it?"}]
        ]


async def test_text_no_outbox_has_is_kept_when_one_leaves(tmp_path: Path) -> None:
    async with sitting(FakeServer(), tmp_path, starts=False) as (controller, store):
        controller.send("Is it?")
        await controller.close()
        assert list(store.unsent.values()) == ["Is it?"]


async def test_refused_text_goes_back_to_its_own_conversation(tmp_path: Path) -> None:
    server = FakeServer(script=says_so)
    async with sitting(server, tmp_path) as (controller, store):
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED)
        first = opened(store).id
        server.refusals["message.send"] = [ProtocolError("not_found", "there is no provider x")]
        controller.send("precious")
        controller.new_conversation()
        await until(lambda: store.wishes.texts == [Returned(first, "precious")])


async def test_what_follows_a_refused_first_message_goes_back_with_it(tmp_path: Path) -> None:
    server = FakeServer()
    refusal = ProtocolError("not_found", "there is no provider x")
    server.refusals["message.send"] = [refusal, refusal]
    async with sitting(server, tmp_path) as (controller, store):
        controller.send("precious")
        controller.send("and more")
        controller.new_conversation()
        await until(lambda: store.wishes.texts == [Returned(NEW, "precious"), Returned(NEW, "and more")])


async def test_message_under_way_is_there_again_when_one_comes_back(tmp_path: Path) -> None:
    server = FakeServer(script=says_so)
    async with sitting(server, tmp_path) as (controller, store):
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED)
        first = opened(store).id
        server.silent_methods.add("message.send")
        controller.send("Was it?")
        controller.new_conversation()
        controller.open_conversation(first)
        assert shown(store)[0] == ("user", "pending", "Was it?")


async def test_going_to_and_fro_shows_the_right_conversation(tmp_path: Path) -> None:
    async with sitting(FakeServer(script=says_so), tmp_path) as (controller, store):
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED)
        first = opened(store).id
        controller.new_conversation()
        assert shown(store) == []
        controller.open_conversation(first)
        controller.new_conversation()
        controller.open_conversation(first)
        await until(lambda: shown(store) == ANSWERED)


async def test_older_messages_are_loaded_once_at_a_time_and_again_after_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FakeServer(script=says_so)
    async with sitting(server, tmp_path) as (controller, store):
        # The lists are there, and earlier prompts were looked for, which is asked in the same way.
        await until(lambda: any(method == "project.list" for method, _ in server.heard))
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED)
        first_id = opened(store).path[0]
        server.refusals["message.list"] = [ProtocolError("server_busy", "not now")]

        def asked() -> int:
            return [method for method, _ in server.heard].count("message.list")

        said: list[str] = []
        monkeypatch.setattr(store, "say", lambda note, **_: said.append(note))
        controller.want_messages(first_id, "before")
        controller.want_messages(first_id, "before")
        await until(lambda: "not now" in said)
        assert asked() == 1
        controller.want_messages(first_id, "before")
        await until(lambda: asked() == 2)


async def test_closing_while_work_is_under_way_ends_it(tmp_path: Path) -> None:
    server = FakeServer()
    server.silent_methods.add("conversation.list")
    async with sitting(server, tmp_path) as (controller, _):
        controller.send("Is it?")
        await until(lambda: any(method == "conversation.list" for method, _ in server.heard))
        async with asyncio.timeout(2):
            await controller.close()


async def test_following_that_broke_is_reported_and_begun_anew_by_redraw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashes = Crashes(str(tmp_path / "reports"))
    async with sitting(FakeServer(script=says_so), tmp_path, crashes=crashes) as (controller, store):
        apply = store.apply

        def broken(conversation_id: str, update: object) -> None:
            raise KeyError(conversation_id)

        monkeypatch.setattr(store, "apply", broken)
        controller.send("Is it?")
        await until(lambda: store.note.text.startswith("something broke · report"))
        assert len(list((tmp_path / "reports").iterdir())) == 1
        monkeypatch.setattr(store, "apply", apply)
        controller.redraw()
        await until(lambda: shown(store) == ANSWERED)


def long_conversation(server: FakeServer, count: int) -> Conversation:
    """A conversation of the server with messages `n1` … in a row."""
    made = server.reference.conversations["c-long"] = Conversation("c-long", "Long")
    for n in range(1, count + 1):
        made.messages[f"n{n}"] = {
            "id": f"n{n}",
            "conversation_id": "c-long",
            "parent_id": f"n{n - 1}" if n > 1 else None,
            "role": "assistant",
            "status": "completed",
            "created_seq": n,
            "created_at": AT,
            "parts": [{"type": "text", "text": f"Text {n}", "status": "completed", "g": 0}],
        }
    made.leaf = f"n{count}"
    return made


async def test_hit_deep_in_a_conversation_is_two_pages_away(tmp_path: Path) -> None:
    server = FakeServer()
    long_conversation(server, 2000)
    async with sitting(server, tmp_path) as (controller, store):
        pictures: list[tuple[str, bool]] = []

        def paint() -> None:
            if opened(store).path:
                pictures.append((store.wishes.show_message, "n700" in opened(store).away))

        store.on_change = paint
        controller.open_conversation("c-long", "n700")
        await until(lambda: bool(pictures))
        # The end of the conversation is never seen on the way.
        assert pictures[0] == ("n700", True)
        assert opened(store).away == [f"n{n}" for n in range(676, 726)]
        assert opened(store).path == [f"n{n}" for n in range(1951, 2001)]
        controller.want_messages("n725", "behind")
        controller.want_messages("n676", "before")
        controller.want_messages("n725", "behind")
        await until(lambda: opened(store).away == [f"n{n}" for n in range(626, 776)])
        pages = [params for method, params in server.heard if method == "message.list"]
        assert len([page for page in pages if page.keys() & {"before", "after", "leaf"}]) == 4


async def test_gap_below_a_place_one_went_to_closes_as_one_reads_on(tmp_path: Path) -> None:
    server = FakeServer()
    long_conversation(server, 150)
    async with sitting(server, tmp_path) as (controller, store):
        controller.open_conversation("c-long", "n50")
        await until(lambda: opened(store).away[-1:] == ["n75"])
        controller.want_messages("n75", "behind")
        await until(lambda: opened(store).away == [])
        assert opened(store).path == [f"n{n}" for n in range(26, 151)]
        assert opened(store).has_older


async def test_hit_on_another_branch_brings_that_branch(tmp_path: Path) -> None:
    server = FakeServer()
    made = long_conversation(server, 300)
    made.messages["other"] = {**made.messages["n101"], "id": "other", "created_seq": 301}
    async with sitting(server, tmp_path) as (controller, store):
        controller.open_conversation("c-long", "other")
        await until(lambda: store.wishes.show_message == "other")
        assert opened(store).path[-2:] == ["n100", "other"]
        await until(lambda: made.leaf == "other")


async def test_hit_that_is_gone_leaves_the_conversation_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FakeServer()
    long_conversation(server, 3)
    async with sitting(server, tmp_path) as (controller, store):
        said: list[str] = []
        monkeypatch.setattr(store, "say", lambda note, **_: said.append(note))
        controller.open_conversation("c-long", "deleted")
        await until(lambda: "that message is no longer there" in said)
        await until(lambda: len(opened(store).messages) == 3)


async def test_cost_is_asked_for_the_whole_path_when_a_run_has_ended(tmp_path: Path) -> None:
    server = FakeServer(script=says_so)
    async with sitting(server, tmp_path) as (controller, store):
        controller.send("Is it?")
        await until(lambda: shown(store) == ANSWERED)
        wanted = {"conversation_id": opened(store).id, "leaf": opened(store).path[-1]}
        await until(lambda: ("usage.summary", wanted) in server.heard)


async def test_prompts_of_all_conversations_come_as_far_as_one_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FakeServer()
    ids = [f"c{number}" for number in range(16)]
    for conversation_id in ids:
        asked: JsonObject = {
            "id": f"m-{conversation_id}",
            "conversation_id": conversation_id,
            "parent_id": None,
        }
        asked |= {"role": "user", "status": "completed", "created_seq": 1, "created_at": AT}
        asked["parts"] = [{"type": "text", "text": conversation_id, "status": "completed", "g": 0}]
        made = server.reference.conversations[conversation_id] = Conversation(conversation_id, "")
        made.messages[asked["id"]] = asked
        made.leaf = asked["id"]
    listed = {"items": [server.reference.conversations[key].as_wire() for key in ids]}
    monkeypatch.setattr(server.reference, "_conversation_list", lambda params: listed, raising=False)
    async with sitting(server, tmp_path) as (controller, store):
        await until(lambda: store.wishes.earlier_prompts == ["c2", "c1", "c0"])
        controller.want_earlier_prompts()
        controller.want_earlier_prompts()
        await until(lambda: store.wishes.earlier_prompts == [f"c{n}" for n in range(12, -1, -1)])
        controller.want_earlier_prompts()
        await until(lambda: len(store.wishes.earlier_prompts) == 16)
        controller.want_earlier_prompts()
        assert [m for m, _ in server.heard].count("message.list") == 16
