"""Search over every conversation: the same list, filled by the server as one types."""

from dataclasses import dataclass

from textual.message import Message

from chatty.tui.overlays.lists import hit_choices
from chatty.tui.overlays.picker import Column, Picker
from chatty.tui.state import SearchHit
from chatty.tui.widgets.line_input import LineInput


class SearchPicker(Picker):
    """Asks for hits and shows them; dismissed with `conversation_id message_id`."""

    @dataclass
    class Wanted(Message):
        """The user looks for other words."""

        words: str

    def __init__(self, words: str = "") -> None:
        super().__init__(
            "Search",
            (Column(""),),
            (),
            placeholder="words, from:me, model:gpt, project:x, before:2026-10, has:file",
            hints=(("enter", "go there"),),
        )
        self._words = words

    def on_mount(self) -> None:
        """Begin with the words the user came with."""
        super().on_mount()
        if self._words:
            field = self.query_one("#filter", LineInput)
            field.insert_line(self._words)

    def filter_changed(self, words: str) -> None:
        """The server filters, not the list."""
        self.post_message(self.Wanted(words))

    def show_hits(self, hits: list[SearchHit]) -> None:
        """Show what was found."""
        self.replace(hit_choices(hits))
