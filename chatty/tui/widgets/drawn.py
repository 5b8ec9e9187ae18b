"""What our widgets share: they draw their own lines in roles, and take keys through the keymap.

Textual's stock bindings are left out on purpose: several of them surprise in a chat
(`tests/tui/test_bytes.py` lists them).
"""

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.widget import Widget

from chatty.tui.actions import Place
from chatty.tui.keymap import KeyRouter
from chatty.tui.palette import Palette


class Drawn(Widget, inherit_bindings=False):
    """A widget that draws with a palette of roles."""

    DEFAULT_CSS = """
    Drawn {
        width: 100%;
        height: 1;
    }
    """

    _palette: tuple[str, Palette] | None = None

    @property
    def palette(self) -> Palette:
        """The styles of the theme in use."""
        theme = self.app.current_theme
        if self._palette is None or self._palette[0] != theme.name:
            made = Palette(
                self.app.theme_variables, terminal_colours=theme.ansi, ascii_only=self.app.has_class("-ascii")
            )
            self._palette = (theme.name, made)
        return self._palette[1]


class Keyed(Drawn):
    """A widget whose keys may be actions. Keys that are none of ours go to `typed`."""

    can_focus = True

    @dataclass
    class SequenceChanged(Message):
        """The first key of a sequence was pressed, or the sequence ended (then `pending` is empty)."""

        pending: str

    def __init__(self, router: KeyRouter | None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.router = router
        """Finds actions for keys; None where there are none, as in the inputs of an overlay."""

    def places(self) -> tuple[Place, ...]:
        """Where we are, for the keymap; the first that knows a key decides."""
        return ()

    def typed(self, event: events.Key) -> bool:
        """Take a key that is no action; True when it was taken."""
        return False

    def intercept(self, event: events.Key) -> bool:
        """Take a key before the keymap sees it, as an open menu does; True when it was taken."""
        return False

    async def _on_key(self, event: events.Key) -> None:
        if self.app.focused is not self:
            # The key before this one moved the keyboard while this one already waited here.
            event.stop()
            event.prevent_default()
            self.app.post_message(events.Key(event.key, event.character))
            return
        if self._take(event):
            event.stop()
            event.prevent_default()

    def _take(self, event: events.Key) -> bool:
        is_in_sequence = self.router is not None and bool(self.router.pending)
        if not is_in_sequence and self.intercept(event):
            return True
        return self._invoke(event) or self.typed(event)

    def _invoke(self, event: events.Key) -> bool:
        if self.router is None:
            return False
        before = self.router.pending
        action = self.router.feed(self.places(), event.key)
        if before != self.router.pending:
            self.post_message(self.SequenceChanged(self.router.pending))
        if action is not None and action != "taken":
            self.router.act(action.name)
        return action is not None
