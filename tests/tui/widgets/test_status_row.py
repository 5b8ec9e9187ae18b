"""What the row above the composer says first."""

from chatty.tui.spans import plain
from chatty.tui.state import Link, LinkKind, Message, OpenConversation, Run
from chatty.tui.store import Store
from chatty.tui.widgets.status_row import doing, is_quit_note, quit_note
from tests.tui.scenes import row

NOW_MS = 1_790_000_000_000


def answering() -> Store:
    """Somebody looks at an answer under way."""
    store = Store()
    opened = OpenConversation("c1")
    opened.runs["r1"] = Run("r1", "m2", "queued", NOW_MS - 3000)
    store.open_conversation(opened)
    return store


def linked(store: Store, kind: LinkKind, waiting: int = 0) -> str:
    """The row's words once the link is so."""
    store.apply_link(Link(kind=kind, messages_waiting=waiting))
    return plain(doing(store, NOW_MS))


def test_answer_that_waits_for_a_key_is_not_under_way_and_says_how_to_give_one() -> None:
    store = answering()
    opened = store.open
    assert opened is not None
    opened.runs["r1"].status = "waiting"
    assert plain(doing(store, NOW_MS)) == "waiting for a key"
    opened.messages["m2"] = Message("m2", None, "assistant", provider="openai")
    assert plain(doing(store, NOW_MS)) == "waiting for a key · /key openai"


def test_message_that_waits_for_the_link_is_no_answer_under_way() -> None:
    store = answering()
    assert linked(store, "well", 1) == "queued 3 s"
    assert linked(store, "connecting", 1) == "offline · 1 message waiting"
    assert linked(store, "offline", 2) == "offline · 2 messages waiting"


def test_note_stands_behind_what_waits() -> None:
    store = answering()
    store.say("press ^c again to quit")
    assert linked(store, "connecting", 1) == "offline · 1 message waiting · press ^c again to quit"
    assert linked(store, "well") == "press ^c again to quit"


def test_word_about_the_link_goes_with_its_cause() -> None:
    store = answering()
    store.say("the connection broke", is_of_link=True)
    assert linked(store, "connecting") == "the connection broke"
    assert linked(store, "well") == "queued 3 s"


def test_quitting_says_that_the_answer_goes_on_where_it_does() -> None:
    store = answering()
    assert quit_note(store) == "press ^c again to quit"
    linked(store, "well")
    assert quit_note(store) == "press ^c again to quit · the answer goes on"
    store.open_conversation(OpenConversation("c2"))
    assert quit_note(store) == "press ^c again to quit"
    store.apply_conversations([row(1, "One", NOW_MS, is_answering=True)])
    assert quit_note(store) == "press ^c again to quit · the answer goes on"


def test_both_words_for_quitting_are_known_again() -> None:
    store = answering()
    assert is_quit_note(quit_note(store))
    linked(store, "well")
    assert is_quit_note(quit_note(store))
    assert not is_quit_note("")
