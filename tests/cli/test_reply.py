"""Adding up a reply: however its pieces are cut, repeated or overlapped, the text is the text."""

from hypothesis import given
from hypothesis import strategies as st

from chatty.cli.ask.reply import Reply

TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


def delta(offset: int, text: str, **more: object) -> dict[str, object]:
    return {"c": "c", "m": "m", "p": 0, "o": offset, "d": text, **more}


@given(TEXTS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=20))
def test_any_pieces_in_any_order_give_a_prefix_and_the_gap_gives_the_rest(
    text: str, pieces: list[tuple[int, int]]
) -> None:
    reply = Reply("m", "r")
    printed = ""
    for start, length in pieces:
        printed += reply.apply("delta", delta(start, text[start : start + length]))
    assert text.startswith(printed)
    end = {"message_id": "m", "part": 0, "type": "text", "len": len(text), "g": 0}
    reply.apply("event", {"type": "part.completed", "data": end})
    for index, offset in reply.missing():
        printed += reply.fill(index, offset, text[offset:])
    assert printed == reply.text == text
    assert reply.missing() == []


def test_other_messages_other_runs_and_unknown_events_change_nothing() -> None:
    reply = Reply("m", "r")
    reply.apply("delta", {**delta(0, "x"), "m": "other"})
    reply.apply("event", {"type": "run.finished", "data": {"run_id": "other", "status": "failed"}})
    reply.apply("event", {"type": "galaxy.exploded", "data": {}})
    reply.apply("notice", {"type": "draining"})
    assert (reply.text, reply.status, reply.parts) == ("", None, {})


def test_reset_keeps_what_is_before_it_and_ignores_the_old_generation() -> None:
    reply = Reply("m", "r")
    reply.apply("delta", delta(0, "kept lost"))
    reset = {"message_id": "m", "part": 0, "g": 1, "len": 5}
    reply.apply("event", {"type": "part.reset", "data": reset})
    assert reply.apply("delta", delta(9, " late")) == ""
    assert reply.apply("delta", delta(5, "new", g=1)) == "new"
    assert (reply.text, reply.was_reset) == ("kept new", True)


def test_reasoning_is_kept_and_is_not_the_answer() -> None:
    reply = Reply("m", "r")
    assert reply.apply("delta", delta(0, "hmm", t="reasoning")) == ""
    assert reply.apply("delta", {**delta(0, "yes"), "p": 1}) == "yes"
    assert reply.text == "yes"
    assert reply.parts[0].text == "hmm"
