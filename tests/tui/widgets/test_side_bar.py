"""The list of conversations: what it says of each."""

from chatty.tui.spans import plain
from chatty.tui.store import Store
from chatty.tui.widgets.side_bar import edge_mark
from tests.tui.scenes import row

NOW = 1_790_000_000_000


def test_dot_is_there_while_it_answers_and_no_longer() -> None:
    store = Store()
    store.apply_conversations([row(1, "One", NOW, is_answering=True)])
    assert plain(edge_mark(store.conversations["c1"])) == "● "
    store.apply_conversation_touched(row(1, "One", NOW))
    assert plain(edge_mark(store.conversations["c1"])) == ""
    store.mark_draft("c1", has_draft=True)
    assert plain(edge_mark(store.conversations["c1"])) == "draft"
