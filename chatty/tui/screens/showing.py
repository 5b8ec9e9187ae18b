"""Puts the state on the widgets of the chat screen, part by part: whatever the store says has changed.

When that happens is the painter's business (`painting.py`), how it looks the widgets'.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatty.tui.dirty import Dirty
from chatty.tui.hints import hints, sequence_hints
from chatty.tui.spans import Span
from chatty.tui.widgets.header import header_content
from chatty.tui.widgets.hints_row import HintsContent, figures
from chatty.tui.widgets.status_row import StatusContent, doing, seconds_since
from chatty.tui.widgets.welcome import welcome_rows

if TYPE_CHECKING:
    from chatty.tui.screens.chat import ChatScreen


class Showing:
    """What one screen shows of its store."""

    def __init__(self, screen: "ChatScreen") -> None:
        self._screen, self._store = screen, screen.store
        self.shown_id: str | None = None
        """The conversation on the screen; empty while it is not known which one that is."""

    @property
    def is_behind(self) -> bool:
        """Whether another conversation is open than the one that is shown."""
        return self._store.open is not None and self._store.open.id != self.shown_id

    def everything(self) -> None:
        """Show the state for the first time."""
        dirty = self._store.take_dirty()
        self._show(Dirty(header=True, conversations=True, status=True, path=True))
        if dirty.wishes:
            self._screen.call_after_refresh(self._grant_wishes)

    def changes(self) -> None:
        """Show what has changed since the last time."""
        dirty = self._store.take_dirty()
        if self._screen.is_mounted and dirty:
            self._show(dirty)

    def seconds(self) -> None:
        """A second has passed: show what counts them."""
        opened = self._store.open
        if opened is not None and opened.runs:
            self.status()
        if self._store.link.retry_at_ms is not None:
            self._header()

    def hints(self) -> None:
        """Show the keys that work now."""
        screen = self._screen
        pending = screen.router.pending
        if pending:
            shown = sequence_hints(screen.keymap, screen.places(), pending)
        else:
            shown = hints(screen.situation(), screen.keymap)
        tokens, context, cost = figures(self._store.open)
        content = tuple(tuple(hint) for hint in shown)
        screen.hints.content = HintsContent(content, tokens, context, cost)

    def status(self) -> None:
        """Show what is going on."""
        screen, store = self._screen, self._store
        screen.noting.watch()
        now_ms = _now_ms()
        screen.status.content = StatusContent(
            doing(store, now_ms), screen.transcript.new_lines, screen.transcript.is_far_from_end
        )
        run = store.open.active_run() if store.open else None
        if run is not None:
            screen.transcript.set_running_seconds(run.reply_id, seconds_since(run.started_at_ms, now_ms))

    def _show(self, dirty: Dirty) -> None:
        if dirty.path or dirty.header:
            self._welcome()
        parts: tuple[tuple[object, Callable[[], None]], ...] = (
            (dirty.path, self._path),
            (dirty.messages, lambda: self._screen.transcript.update_messages(dirty.messages)),
            (dirty.conversations, self._conversations),
            (dirty.header, self._header),
            (dirty.hits, self._hits),
            (dirty.models, self._models),
            (dirty.wishes, self._grant_wishes),
            (dirty.unsent, self._screen.writing.keep),
            (dirty.status or dirty.messages, self.status),
            (True, self.hints),
        )
        for is_due, show in parts:
            if is_due:
                self._safely(show)

    def _safely(self, show: Callable[[], None]) -> None:
        """Show one part; where crashes are contained, one that fails keeps none of the others."""
        try:
            show()
        except Exception as error:
            contain = getattr(self._screen.app, "contain", None)
            if contain is None or not contain(error):
                raise

    def _conversations(self) -> None:
        rows = list(self._store.conversations.values())
        self._screen.side_bar.show(rows, self._store.open.id if self._store.open else None)

    def _path(self) -> None:
        opened, screen = self._store.open, self._screen
        if opened is None:
            return
        if opened.id == self.shown_id:
            screen.writing.show_again(opened)
            screen.transcript.show_again(opened)
            return
        screen.writing.show(opened)
        self.shown_id = opened.id
        screen.editing_id = None
        screen.transcript.recover()
        screen.transcript.show(opened)

    def _welcome(self) -> None:
        opened = self._store.open
        rows: list[list[Span]] = []
        if opened is not None and not opened.is_loading:
            keymap, needs_choice = self._screen.keymap, self._store.needs_choice
            rows = welcome_rows(opened.model, keymap, needs_choice=needs_choice)
        self._screen.transcript.show_welcome(rows)

    def _header(self) -> None:
        store = self._store
        self._screen.header.content = header_content(store.open, store.link, store.models, _now_ms())

    def _hits(self) -> None:
        show_found = getattr(self._screen.app.screen, "show_found", None)
        if show_found is not None:
            show_found(self._store.found)

    def _models(self) -> None:
        show_models = getattr(self._screen.app.screen, "show_models", None)
        if show_models is not None:
            show_models(self._store.models)

    def _grant_wishes(self) -> None:
        # Questions and the first-run screen are loaded when something is wanted.
        from chatty.tui.screens.granting import grant

        grant(self._screen, self._store.take_wishes())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
