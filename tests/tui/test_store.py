"""What the client library tells becomes the state that is drawn."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chatty.client.updates import Delta
from chatty.tui.state import Message, OpenConversation, Part, Run
from chatty.tui.store import Store
from chatty.tui.widgets.hints_row import figures
from tests.tui.scenes import (
    MODELS,
    event,
    message,
    open_snapshot,
    row,
    snapshot,
    text,
    used,
    version,
)

NOW = 1_790_000_000_000


def delta(offset: int, words: str, generation: int = 0) -> Delta:
    return Delta("m2", 0, offset, words, generation, "text")


@pytest.fixture
def store() -> Store:
    """A question, and the beginning of its answer."""
    store = Store()
    question = message(1, "user", [text("Why?")], NOW)
    reply = message(2, "assistant", [text("Be", "streaming")], NOW, status="streaming", run_id="r1")
    run = {"id": "r1", "message_id": "m2", "status": "running", "created_at": "2026-01-01T00:00:00Z"}
    open_snapshot(store, snapshot([question, reply], runs=[run]))
    store.take_dirty()
    return store


def opened(store: Store) -> OpenConversation:
    assert store.open is not None
    return store.open


def reply_of(store: Store) -> Message:
    return opened(store).messages["m2"]


def apply(store: Store, seq: int, kind: str, data: dict[str, Any], actor: str | None = None) -> None:
    store.apply("c1", event(seq, kind, data, actor))


def created(message_id: str, parent_id: str, role: str = "user") -> dict[str, Any]:
    made = {"id": message_id, "parent_id": parent_id, "role": role, "status": "completed", "created_seq": 60}
    return {"message": made}


def pending(store: Store) -> Run:
    """Show a question of our own and the reply it waits for."""
    question = Message("m3", "m2", "user", status="pending", run_id="r2", parts=[Part("text", ["Hm"], 2)])
    reply = Message("m4", "m3", "assistant", status="pending", run_id="r2")
    run = Run("r2", "m4", "queued", NOW)
    store.show_pending([question, reply], run)
    return run


def test_delta_appends_and_marks_only_its_message(store: Store) -> None:
    store.apply("c1", delta(2, "cause"))
    assert reply_of(store).text == "Because"
    dirty = store.take_dirty()
    assert (dirty.messages, dirty.path, dirty.header) == ({"m2"}, False, False)


def test_delta_adds_a_piece_and_leaves_the_others(store: Store) -> None:
    first = reply_of(store).parts[0].pieces[0]
    for n in range(100):
        store.apply("c1", delta(2 + n, "x"))
    part = reply_of(store).parts[0]
    assert part.pieces[0] is first
    assert (len(part.pieces), part.generation) == (101, 0)


def test_offsets_count_received_code_points_not_sanitised_ones(store: Store) -> None:
    hostile = "\x1b]52;c;x\x07👩"
    store.apply("c1", delta(2, hostile))
    received = reply_of(store).parts[0].received
    assert received == 2 + len(hostile)
    store.apply("c1", delta(received, "!"))
    apply(store, 51, "part.completed", {"message_id": "m2", "part": 0, "len": received + 1})
    assert reply_of(store).text == "Be👩!"


def test_text_taken_away_starts_the_part_over(store: Store) -> None:
    apply(store, 51, "part.reset", {"message_id": "m2", "part": 0, "g": 1, "len": 0})
    store.apply("c1", delta(0, "New", generation=1))
    part = reply_of(store).parts[0]
    assert (part.text, part.received, part.generation) == ("New", 3, 1)


def test_text_cut_and_gone_on_with_is_drawn_from_the_cut(store: Store) -> None:
    store.apply("c1", delta(2, "cause of the"))
    store.apply("c1", delta(7, " it"))
    assert reply_of(store).text == "Because it"


def test_update_of_another_conversation_comes_too_late(store: Store) -> None:
    store.apply("c2", delta(2, "cause"))
    assert reply_of(store).text == "Be"
    assert not store.take_dirty()


def test_failed_run_keeps_text_and_reason(store: Store) -> None:
    assert opened(store).active_run() is not None
    data = {
        "run_id": "r1",
        "message_id": "m2",
        "status": "failed",
        "error": {"type": "provider/overloaded", "message": "overloaded"},
        "usage": used(3, 0.5),
    }
    apply(store, 51, "run.finished", data)
    reply = reply_of(store)
    assert (reply.status, reply.error, reply.text, reply.output_tokens) == ("failed", "overloaded", "Be", 3)
    assert opened(store).active_run() is None
    assert reply.cost_usd == 0.5


def test_part_that_another_follows_is_done(store: Store) -> None:
    store.apply("c1", Delta("m2", 1, 0, "next", 0, "text"))
    assert [part.status for part in reply_of(store).parts] == ["completed", "streaming"]


def test_thinking_is_timed_while_it_is_seen(store: Store) -> None:
    store.apply("c1", Delta("m2", 1, 0, "hm", 0, "reasoning"))
    assert reply_of(store).parts[1].seconds is None
    store.apply("c1", Delta("m2", 2, 0, "So", 0, "text"))
    seconds = reply_of(store).parts[1].seconds
    assert seconds is not None
    assert seconds >= 0


def test_named_text_is_a_file(store: Store) -> None:
    attached = {**created("m3", "m2")["message"], "parts": [text("x" * 2048, name="a.py"), text("Look")]}
    apply(store, 51, "message.created", {"message": attached}, actor="me")
    part = opened(store).messages["m3"].parts[0]
    assert (part.type, part.name, part.detail) == ("file", "a.py", "2.0 KB")
    assert opened(store).messages["m3"].text == "Look"


def test_versions_are_counted() -> None:
    store = Store()
    messages = [message(1, "user", [text("Why?")], NOW), message(2, "assistant", [text("So.")], NOW)]
    open_snapshot(store, snapshot(messages, siblings=[version("m2b", "m1", 1)]))
    assert opened(store).sibling_place("m2") == (2, 2)
    assert store.siblings("m2") == ["m2b", "m2"]


def test_path_is_what_is_at_hand_and_what_it_cost_is_unknown_until_all_of_it_is() -> None:
    store = Store()
    reply = message(4, "assistant", [text("So.")], NOW, usage=used(214, 0.021))
    open_snapshot(store, snapshot([message(3, "user", [text("Why?")], NOW), reply], has_older=True))
    assert (opened(store).path, opened(store).has_older) == (["m3", "m4"], True)
    older = [message(1, "user", [text("And?")], NOW), message(2, "user", [text("Or?")], NOW)]
    store.apply_older("c1", {"messages": older, "siblings": [], "has_older": False})
    assert (opened(store).path, opened(store).has_older) == (["m1", "m2", "m3", "m4"], False)


def test_accepted_message_that_is_shown_elsewhere_is_pending_no_more(store: Store) -> None:
    run = pending(store)
    store.accept_pending("c1", run.id, 53)
    assert opened(store).path == ["m1", "m2", "m3", "m4"]
    question = message(1, "user", [text("Why?")], NOW)
    store.apply("c1", snapshot([question, message(5, "user", [text("No.")], NOW, parent_id="m1")], head=53))
    assert opened(store).path == ["m1", "m5"]
    assert (opened(store).runs, "m4" in opened(store).messages) == ({}, False)


def test_reply_of_another_to_the_leaf_becomes_the_leaf(store: Store) -> None:
    apply(store, 51, "message.created", created("m3", "m2"), actor="someone")
    assert opened(store).path == ["m1", "m2", "m3"]


def test_pending_messages_stand_behind_the_others_until_the_server_has_them(store: Store) -> None:
    pending(store)
    assert opened(store).path == ["m1", "m2", "m3", "m4"]
    assert list(opened(store).runs) == ["r1", "r2"]
    apply(store, 51, "message.created", created("m3", "m2"), actor="me")
    assert opened(store).path == ["m1", "m2", "m3", "m4"]
    apply(store, 52, "message.created", created("m4", "m3", "assistant"))
    apply(store, 53, "run.queued", {"run": {"id": "r2", "message_id": "m4", "status": "queued"}}, actor="me")
    assert opened(store).path == ["m1", "m2", "m3", "m4"]
    assert list(opened(store).runs) == ["r1", "r2"]
    apply(store, 54, "run.finished", {"run_id": "r2", "message_id": "m4", "status": "completed"})
    assert list(opened(store).runs) == ["r1"]


def test_refused_messages_are_taken_back(store: Store) -> None:
    run = pending(store)
    store.drop_pending("c1", run.id)
    assert opened(store).path == ["m1", "m2"]
    assert list(opened(store).runs) == ["r1"]


def test_pending_messages_outlive_a_new_snapshot(store: Store) -> None:
    pending(store)
    store.apply("c1", snapshot([message(1, "user", [text("Why?")], NOW)]))
    assert opened(store).messages["m3"].text == "Hm"


def test_pending_messages_are_there_again_when_one_comes_back(store: Store) -> None:
    pending(store)
    store.open_conversation(OpenConversation("c2"))
    assert opened(store).path == []
    store.open_conversation(OpenConversation("c1"))
    assert opened(store).path == ["m3", "m4"]
    assert list(opened(store).runs) == ["r2"]


@pytest.mark.parametrize("settled", [Store.drop_pending, partial(Store.accept_pending, seq=53)])
def test_messages_settled_while_one_was_away_are_pending_no_more(
    store: Store, settled: Callable[[Store, str, str], None]
) -> None:
    run = pending(store)
    store.open_conversation(OpenConversation("c2"))
    settled(store, "c1", run.id)
    store.open_conversation(OpenConversation("c1"))
    assert (opened(store).path, opened(store).runs) == ([], {})


def test_conversations_own_model_goes_before_its_projects() -> None:
    store = Store()
    store.apply_projects({"p1": "api"}, {"p1": "fake/own"})
    store.open_conversation(OpenConversation("c1", model="usual", model_provider="fake"))
    store.apply("c1", snapshot([], conversation={"id": "c1", "project_id": "p1", "model": None}))
    assert (opened(store).model, opened(store).is_model_chosen) == ("own", False)
    store.apply("c1", snapshot([], conversation={"id": "c1", "project_id": "p1", "model": "fake/chosen"}))
    assert (opened(store).model, opened(store).is_model_chosen) == ("chosen", True)


def test_run_asked_to_stop_is_stopping_until_it_has(store: Store) -> None:
    store.mark_stopping("r1")
    run = opened(store).active_run()
    assert run is not None
    assert run.status == "cancelling"
    apply(store, 51, "run.finished", {"run_id": "r1", "message_id": "m2", "status": "cancelled"})
    assert opened(store).active_run() is None


def test_context_is_what_the_next_request_brings_along() -> None:
    store = Store()
    store.apply_models(MODELS)
    question = message(1, "user", [text("Why?")], NOW)
    reply = message(2, "assistant", [text("So.")], NOW, usage=used(614, 0.02))
    open_snapshot(store, snapshot([question, reply]))
    assert opened(store).tokens == 5_000
    assert opened(store).context_share == 5_000 / 40_000


@pytest.mark.parametrize(
    ("total", "words"),
    [
        ({"runs": 0, "usage": {}, "unpriced_runs": 0}, ""),
        ({"runs": 2, "usage": {"cost_usd": 0.021}, "unpriced_runs": 0}, "$0.021"),
        ({"runs": 2, "usage": {"cost_usd": 0.021, "estimated": True}, "unpriced_runs": 0}, "~$0.021"),
        ({"runs": 2, "usage": {"cost_usd": 0.021}, "unpriced_runs": 1}, "over $0.021"),
        ({"runs": 2, "usage": {}, "unpriced_runs": 2}, "cost unknown"),
        ({"runs": 2, "usage": {"cost_usd": 0.0}, "unpriced_runs": 1}, "cost unknown"),
        ({"runs": 2, "usage": {"cost_usd": 0.0}, "unpriced_runs": 0}, ""),
    ],
)
def test_cost_is_the_servers_sum_and_never_zero_for_unknown(total: dict[str, object], words: str) -> None:
    store = Store()
    open_snapshot(store, snapshot([message(1, "user", [text("Why?")], NOW)]))
    store.apply_spent("c1", total)
    store.apply_spent("another", {"runs": 1, "usage": {"cost_usd": 9.0}})
    assert figures(opened(store))[2] == words


def test_own_questions_are_told_from_those_of_others() -> None:
    store = Store()
    store.introduce("me")
    messages = [
        message(1, "user", [text("a")], NOW, author={"id": "me", "name": "I"}),
        message(2, "user", [text("b")], NOW, author={"id": "ada", "name": "ada"}),
    ]
    open_snapshot(store, snapshot(messages))
    shown = opened(store).messages
    assert (shown["m1"].is_own, shown["m2"].is_own) == (True, False)


def test_draft_mark_survives_a_new_list() -> None:
    store = Store()
    store.mark_draft("c1", has_draft=True)
    store.apply_conversations([row(1, "One", NOW), row(2, "Two", NOW)])
    assert [shown.has_draft for shown in store.conversations.values()] == [True, False]


@pytest.mark.parametrize("mark", ["deleted_at", "archived_at"])
def test_conversation_put_away_elsewhere_leaves_the_list(mark: str) -> None:
    store = Store()
    store.apply_conversations([row(1, "One", NOW), row(2, "Two", NOW)])
    store.apply_conversation_touched(row(1, "One", NOW, **{mark: "2026-01-01T00:00:00Z"}))
    assert list(store.conversations) == ["c2"]


def test_hits_are_marked_where_the_words_are_also_after_sanitising() -> None:
    store = Store()
    snippet = "\x1b[31mthe flaky test"
    hit = {"conversation_id": "c1", "message_id": "m1", "title": "T", "snippet": snippet, "marks": [[9, 14]]}
    store.apply_found("flaky", [hit])
    assert store.found.hits[0].pieces == (("the ", False), ("flaky", True), (" test", False))


def test_model_used_lately_is_there_though_no_list_has_it() -> None:
    store = Store()
    store.apply_models(MODELS, ["lab/tuned", "openai/gpt-5.2"])
    recent = [(row.id, row.has_key) for row in store.models if row.is_recent]
    assert recent == [("openai/gpt-5.2", True), ("lab/tuned", True)]
