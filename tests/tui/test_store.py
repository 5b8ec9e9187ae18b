"""What the server says becomes the state."""

import pytest

from chatty.tui.state import Message, Part
from chatty.tui.store import Store
from chatty.tui.wire import Frame
from tests.tui.scenes import message, snapshot

NOW = 1_790_000_000_000


@pytest.fixture
def store() -> Store:
    store = Store("me")
    question = message(1, "user", [{"type": "text", "text": "Why?"}], "14:02", NOW)
    reply = message(
        2,
        "assistant",
        [{"type": "text", "text": "Be", "status": "streaming"}],
        "14:02",
        NOW,
        status="streaming",
    )
    store.apply_snapshot(snapshot([question, reply]))
    store.take_dirty()
    return store


def reply_of(store: Store) -> Message:
    assert store.open is not None
    return store.open.messages["m2"]


def event(store: Store, kind: str, data: Frame) -> None:
    assert store.open is not None
    store.apply_event({"conversation_id": "c1", "seq": store.open.head + 1, "type": kind, "data": data})


def delta(offset: int, text: str, generation: int = 0) -> Frame:
    return {"c": "c1", "m": "m2", "p": 0, "o": offset, "d": text, "g": generation}


def test_delta_appends_and_marks_only_its_message(store: Store) -> None:
    assert store.apply_delta(delta(2, "cause"))
    assert reply_of(store).text == "Because"
    dirty = store.take_dirty()
    assert (dirty.messages, dirty.path, dirty.header) == ({"m2"}, False, False)


def test_overlap_is_dropped(store: Store) -> None:
    assert store.apply_delta(delta(0, "Because"))
    assert store.apply_delta(delta(0, "Be"))
    assert reply_of(store).text == "Because"


def test_gap_and_other_attempt_change_nothing_and_say_so(store: Store) -> None:
    assert not store.apply_delta(delta(3, "x"))
    assert not store.apply_delta(delta(2, "x", generation=1))
    assert reply_of(store).text == "Be"


def test_offsets_count_received_code_points_not_sanitised_ones(store: Store) -> None:
    assert store.apply_delta(delta(2, "\x1b]52;c;x\x07👩"))
    received = reply_of(store).parts[0].received
    assert received == 2 + len("\x1b]52;c;x\x07👩")
    assert store.apply_delta(delta(received, "!"))
    event(store, "part.completed", {"message_id": "m2", "p": 0})
    text = reply_of(store).text
    assert "\x1b" not in text
    assert text.endswith("👩!")


def test_reset_part_starts_over(store: Store) -> None:
    event(store, "part.reset", {"message_id": "m2", "p": 0, "g": 1})
    assert store.apply_delta(delta(0, "New", generation=1))
    assert reply_of(store).text == "New"


def test_part_read_fills_a_gap(store: Store) -> None:
    store.replace_part_text("m2", 0, "Because of", 0)
    assert store.apply_delta(delta(10, " it"))
    assert reply_of(store).text == "Because of it"


def test_old_event_is_dropped(store: Store) -> None:
    store.apply_event({"conversation_id": "c1", "seq": 50, "type": "message.deleted", "data": {"id": "m2"}})
    assert store.open is not None
    assert store.open.path == ["m1", "m2"]


def test_unknown_event_advances_the_head_only(store: Store) -> None:
    event(store, "conversation.sparkled", {"x": 1})
    assert store.open is not None
    assert store.open.head == 51
    assert not store.take_dirty()


def test_failed_run_keeps_text_and_reason(store: Store) -> None:
    event(store, "run.started", {"run_id": "r1", "reply_id": "m2", "started_at": NOW})
    assert store.open is not None
    assert store.open.active_run() is not None
    event(
        store,
        "run.finished",
        {
            "run_id": "r1",
            "status": "failed",
            "error": {"message": "overloaded"},
            "usage": {"output_tokens": 3},
        },
    )
    reply = reply_of(store)
    assert (reply.status, reply.error, reply.text, reply.output_tokens) == ("failed", "overloaded", "Be", 3)
    assert store.open.active_run() is None


def test_sibling_and_leaf_choose_the_path(store: Store) -> None:
    event(
        store,
        "message.created",
        {"message": {"id": "m2b", "parent_id": "m1", "role": "assistant", "created_seq": 9}},
    )
    assert store.open is not None
    assert store.open.sibling_place("m2b") == (2, 2)
    assert store.open.path == ["m1", "m2"]
    store.apply_leaf("m2b")
    assert store.open.path == ["m1", "m2b"]


def test_reply_to_the_leaf_becomes_the_leaf(store: Store) -> None:
    event(
        store,
        "message.created",
        {"message": {"id": "m3", "parent_id": "m2", "role": "user", "created_seq": 9}},
    )
    assert store.open is not None
    assert store.open.path == ["m1", "m2", "m3"]


def test_pending_message_is_replaced_by_its_event(store: Store) -> None:
    pending = Message("m3", "m2", "user", status="pending", parts=[Part("text", ["Hm"], 2)], created_seq=60)
    store.show_pending(pending)
    event(
        store,
        "message.created",
        {"message": {"id": "m3", "parent_id": "m2", "role": "user", "created_seq": 60}},
    )
    assert store.open is not None
    assert store.open.path == ["m1", "m2", "m3"]
    assert (store.open.messages["m3"].status, store.open.messages["m3"].text) == ("completed", "Hm")


def test_cycle_in_the_tree_does_not_hang() -> None:
    store = Store()
    store.apply_snapshot(
        {"conversation": {"id": "c1"}, "tree": [{"id": "a", "parent_id": "b"}, {"id": "b", "parent_id": "a"}]}
    )
    assert store.open is not None
    assert set(store.open.path) == {"a", "b"}


def test_wrong_types_get_their_fallback() -> None:
    store = Store()
    store.apply_snapshot(
        {"conversation": {"id": 7, "title": None}, "messages": "no", "head": "x", "tree": [1]}
    )
    assert store.open is not None
    assert (store.open.title, store.open.head, store.open.path) == ("", 0, [])


def test_draft_mark_survives_a_new_list() -> None:
    store = Store()
    store.apply_conversations([{"id": "c1", "title": "One"}])
    store.mark_draft("c1", has_draft=True)
    store.apply_conversations([{"id": "c1", "title": "One"}, {"id": "c2", "title": "Two"}])
    assert [row.has_draft for row in store.conversations.values()] == [True, False]
