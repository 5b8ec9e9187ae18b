"""Search over every conversation: the same list, filled by the server as one types."""

from collections.abc import Callable

from chatty.tui.overlays.lists import hit_choices
from chatty.tui.overlays.picker import Column, Picker
from chatty.tui.state import SearchHit


class SearchPicker(Picker):
    """Asks for hits with `search` and shows what `show_hits` brings; picks `conversation_id message_id`."""

    def __init__(self, words: str, search: Callable[[str], None]) -> None:
        super().__init__(
            "Search",
            (Column(""),),
            (),
            placeholder="words, from:me, model:gpt, project:x, before:2026-10",
            hints=(("enter", "go there"),),
            words=words,
        )
        self._search = search

    def filter_changed(self, words: str) -> None:
        """The server filters, not the list."""
        self._search(words)

    def filter_again(self, words: str) -> None:
        """What came is what was asked for."""

    def show_hits(self, hits: list[SearchHit]) -> None:
        """Show what was found."""
        self.replace(hit_choices(hits))
