"""The frame all overlays share: name in the frame, dimmed screen behind, esc and ^g leave."""

from typing import TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Vertical
from textual.content import Content
from textual.events import Event, Key
from textual.screen import ModalScreen
from textual.widget import Widget

from chatty.tui.containing import Contained
from chatty.tui.keymap import canonical
from chatty.tui.widgets.text_field import TextField

Answer = TypeVar("Answer")


class Overlay(Contained, ModalScreen[Answer | None], inherit_bindings=False):
    """A modal screen with one frame. Subclasses say what is inside and when it is answered."""

    CSS_PATH = "overlay.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-normal"), (100, "-wide")]  # noqa: RUF012  # Textual's
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high")]  # noqa: RUF012  # Textual's

    def __init__(self, name: str, note: str = "") -> None:
        super().__init__(name=name)
        self._title = name
        self._note = note

    def compose(self) -> ComposeResult:
        """The frame and what is inside."""
        with Vertical(id="frame") as frame:
            # As content: Textual reads markup in plain strings, and a name may be anything one typed.
            frame.border_title = Content(self._title)
            frame.border_subtitle = Content(self._note)
            yield from self.inside()

    def inside(self) -> list[Widget]:
        """The widgets in the frame, from the top."""
        raise NotImplementedError

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close with an answer, once: a second key that was on its way would close what lies below."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    async def on_event(self, event: Event) -> None:
        """Keys that were on their way here when this closed are for who has the keyboard now."""
        if isinstance(event, Key) and not self.is_active:
            event.stop()
            self.app.post_message(Key(event.key, event.character))
        else:
            await super().on_event(event)

    async def _on_key(self, event: Key) -> None:
        if canonical(event.key) in ("escape", "ctrl+g", "ctrl+c"):
            event.stop()
            self.dismiss(None)
        elif event.is_printable:
            self._hand_on(event)

    def _hand_on(self, event: Key) -> None:
        """A letter that comes here was typed before the input had the keyboard, and belongs to it."""
        for field in self.query(TextField):
            self.set_focus(field)
            field.post_message(Key(event.key, event.character))
            break
