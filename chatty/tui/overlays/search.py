"""Search over every conversation: the same list, filled by the server as one types."""

from collections.abc import Callable

from chatty.rendering.sanitizer import sanitize
from chatty.tui.overlays.lists import hit_choices
from chatty.tui.overlays.picker import Column, Picker
from chatty.tui.state import Found

_BEFORE = "type what you remember: words, the beginning of one, or “a phrase”"


class SearchPicker(Picker):
    """Asks for hits with `search` and shows what `show_found` brings; picks `conversation_id message_id`."""

    def __init__(self, words: str, search: Callable[[str], None]) -> None:
        super().__init__(
            "Search",
            (Column(""),),
            (),
            placeholder="words, from:me, model:gpt, project:x, before:2026-10",
            hints=(("enter", "go there"),),
            words=words,
            when_empty=_BEFORE,
        )
        self._search = search

    def filter_changed(self, words: str) -> None:
        """The server filters, not the list."""
        if not words.strip():
            self.show_found(Found())
        self._search(words)

    def filter_again(self, words: str) -> None:
        """What came is what was asked for."""

    def show_found(self, found: Found) -> None:
        """Show what was found, unless it was for other words than those that stand there now."""
        if found.words.strip() != self.asked.strip():
            return
        self.say_when_empty(_nothing_words(found.words))
        self.note_below(_count_words(found))
        self.replace(hit_choices(found.hits))


def _nothing_words(words: str) -> str:
    shown = sanitize(" ".join(words.split()), multiline=False)
    return f"nothing found for {shown}" if shown else _BEFORE


def _count_words(found: Found) -> str:
    count = len(found.hits)
    if found.has_more:
        return f"the newest {count}"
    return f"{count} {'message' if count == 1 else 'messages'}" if count else ""
