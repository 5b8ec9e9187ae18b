"""What our widgets share: they draw their own lines in roles, and take keys through the keymap.

A widget that fails is a panel in its place that says so; all others go on.

Textual's stock bindings are left out on purpose: several of them surprise in a chat
(`tests/tui/test_bytes.py` lists them).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from chatty.rendering.sanitizer import sanitize
from chatty.tui.actions import Place
from chatty.tui.containing import Contained
from chatty.tui.keymap import KeyRouter
from chatty.tui.palette import Palette
from chatty.tui.spans import Span, Spans, cut

if TYPE_CHECKING:
    from chatty.client.crash_reports import Report

_TALL_ROWS = 4
"""From here on a panel has room for more than one row."""


class Drawn(Contained, Widget, inherit_bindings=False):
    """A widget that draws with a palette of roles."""

    DEFAULT_CSS = """
    Drawn {
        width: 100%;
        height: 1;
    }
    """

    _palette: tuple[str, Palette] | None = None
    _broken: "Report | None" = None

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

    def rows_wanted(self, container: Size, viewport: Size, width: int) -> int:
        """How high the content wants to be, for widgets of automatic height."""
        return super().get_content_height(container, viewport, width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """What `rows_wanted` says; one row when it fails: the others must still be laid out."""
        try:
            return self.rows_wanted(container, viewport, width)
        except Exception as error:
            self._report(error)
            return 1

    def render_lines(self, crop: Region) -> list[Strip]:
        """What is drawn, or a panel when that fails."""
        if self._broken is not None:
            return self._panel(self._broken, crop)
        try:
            return super().render_lines(crop)
        except Exception as error:
            return self._panel(self._report(error), crop)

    def break_down(self, report: "Report") -> None:
        """Be a panel until `recover`."""
        self._broken = report
        self.refresh()

    def recover(self) -> None:
        """Draw again; what fails still is a panel again."""
        if self._broken is not None:
            self._broken = None
            self.refresh()

    def _report(self, error: Exception) -> "Report":
        """The report of a crash here; raises the error where the app contains none."""
        take: Callable[[Exception], Report | None] | None = getattr(self.app, "report_crash", None)
        report = take(error) if take is not None else None
        if report is None:
            raise error
        return report

    def _panel(self, report: "Report", crop: Region) -> list[Strip]:
        margin = 3 if self.size.width > 40 else 0
        rows: list[Spans] = [
            [
                Span("this part broke", "error", bold=True),
                Span(f" · report {report.id}", "muted"),
                Span(" · /redraw tries again", "muted"),
            ]
        ]
        if self.size.height >= _TALL_ROWS:
            rows = [[], *rows, [Span(_place(report), "muted")]]
        return [
            self._panel_row(rows[y] if y < len(rows) else [], margin).crop(crop.x, crop.right)
            for y in crop.line_range
        ]

    def _panel_row(self, words: Spans, margin: int) -> Strip:
        room = self.outer_size.width
        return self.palette.row([Span(" " * margin), *cut(words, max(room - margin, 0))], room)


def _place(report: "Report") -> str:
    return sanitize(report.path, multiline=False) if report.path else "the disk did not take the report"


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
        is_taken = self._take(event)
        self.recover()
        if is_taken:
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
