"""How long a word stays on the status row: as long as it takes to read, unless it describes a state.

The word itself is the store's note; this only takes it away.
"""

import time

from chatty.tui.painting import SetTimer
from chatty.tui.state import Note
from chatty.tui.store import Store
from chatty.tui.widgets.status_row import is_quit_note

_READ_SECONDS = 1.5
"""A note younger than this may not have been read yet: a key leaves it there."""


class Noting:
    """Watches the note of one screen, whoever says it."""

    def __init__(self, store: Store, set_timer: SetTimer) -> None:
        self._store, self._set_timer = store, set_timer
        self._watched = 0
        self._said_at = 0.0

    def watch(self) -> None:
        """Let a new note go after some seconds: what stands on the status row describes now."""
        note = self._store.note
        if note.number != self._watched:
            self._watched, self._said_at = note.number, time.monotonic()
            if note.text and not note.stays:
                self._set_timer(note_seconds(note.text), lambda: self._unsay(note))

    def unsay_read(self) -> None:
        """A key was pressed: what could be read by then goes, and so does what waits for the same key."""
        note = self._store.note
        was_read = time.monotonic() - self._said_at >= _READ_SECONDS or is_quit_note(note.text)
        if note.text and not note.stays and was_read and note.number == self._watched:
            self._store.say("")

    def _unsay(self, note: Note) -> None:
        if self._store.note.number == note.number:
            self._store.say("")


def note_seconds(note: str) -> float:
    """How long a note stays: longer ones take longer to read."""
    return max(4.0, min(2.0 + len(note) / 15, 12.0))
