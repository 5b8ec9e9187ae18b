"""The text under edit: cursor, selection, kill ring and undo, with the shell's meaning of each editing key.

Positions are code point offsets. The buffer never draws and never decides what a key is.
Word rules follow GNU readline: alt+letter words are letters and digits, ^w words end at white space.
"""

from collections.abc import Callable

from chatty.tui.editing.clusters import next_boundary, previous_boundary
from chatty.tui.editing.kill_ring import KillRing

_UNDO_STEPS = 200


class EditBuffer:
    """Editable text with one cursor.

    `text` and `cursor` may be read freely; change them through the methods, so that undo knows.
    """

    def __init__(self, text: str = "", kill_ring: KillRing | None = None) -> None:
        self.text = text
        self.cursor = len(text)
        self.anchor: int | None = None
        self._ring = kill_ring or KillRing()
        self._undo: list[tuple[str, int]] = []
        self._redo: list[tuple[str, int]] = []
        self._typing = False
        self._killing = False

    # Selecting.

    @property
    def selection(self) -> tuple[int, int] | None:
        """Start and end of the selected text, or None when nothing is selected."""
        if self.anchor is None or self.anchor == self.cursor:
            return None
        return min(self.anchor, self.cursor), max(self.anchor, self.cursor)

    @property
    def selected_text(self) -> str:
        """The selected text, empty without a selection."""
        selection = self.selection
        return "" if selection is None else self.text[selection[0] : selection[1]]

    def select_all(self) -> None:
        """Select everything, cursor at the end."""
        self.anchor, self.cursor = 0, len(self.text)

    # Changing.

    def insert(self, text: str) -> None:
        """Put text at the cursor or over the selection. Letters typed in a row undo together."""
        together = self._typing and self.selection is None and len(text) == 1 and not text.isspace()
        if not together:
            self._remember()
        self._replace_selection(text)
        self._typing = len(text) == 1 and not text.isspace()
        self._killing = False

    def set_text(self, text: str, cursor: int | None = None) -> None:
        """Replace everything; one undo brings the old text back."""
        self._remember()
        self._become(text, len(text) if cursor is None else min(cursor, len(text)))

    def reset(self, text: str = "", cursor: int | None = None) -> None:
        """Start afresh with this text: there is nothing to undo or to do again."""
        self._undo.clear()
        self._redo.clear()
        self._become(text, len(text) if cursor is None else min(cursor, len(text)))

    def delete_left(self) -> None:
        """Delete the character before the cursor (backspace), or the selection."""
        self._delete(previous_boundary(self.text, self.cursor))

    def delete_right(self) -> None:
        """Delete the character under the cursor (delete, ^d), or the selection."""
        self._delete(next_boundary(self.text, self.cursor))

    def transpose(self) -> None:
        """Swap the two characters around the cursor and step over them (^t); at the end, the last two."""
        line_start = self.line_start()
        middle = self.cursor
        if middle >= len(self.text) or self.text[middle] == "\n":
            middle = previous_boundary(self.text, middle)
        if middle <= line_start:
            return
        left = previous_boundary(self.text, middle)
        right = next_boundary(self.text, middle)
        swapped = self.text[middle:right] + self.text[left:middle]
        self._remember()
        self._become(self.text[:left] + swapped + self.text[right:], right)

    # Killing and yanking.

    def kill_to_line_end(self) -> None:
        """Cut to the end of the line, or the line break itself when already there (^k)."""
        end = self.line_end()
        self._kill(self.cursor, end + 1 if end == self.cursor else end, forwards=True)

    def kill_to_line_start(self) -> None:
        """Cut back to the start of the line (^u)."""
        start = self.line_start()
        self._kill(start - 1 if start == self.cursor else start, self.cursor, forwards=False)

    def kill_word_left(self) -> None:
        """Cut the word before the cursor (alt+backspace)."""
        self._kill(self._word_start(_is_word), self.cursor, forwards=False)

    def kill_blank_word_left(self) -> None:
        """Cut back to white space (^w)."""
        self._kill(self._word_start(_is_not_blank), self.cursor, forwards=False)

    def kill_word_right(self) -> None:
        """Cut the word after the cursor (alt+d)."""
        self._kill(self.cursor, self._word_end(), forwards=True)

    def yank(self) -> None:
        """Put back what was cut last (^y)."""
        text = self._ring.latest()
        if text:
            self._remember()
            self._replace_selection(text)

    def undo(self) -> None:
        """Take back the last change (^_); nothing happens when there is none."""
        if self._undo:
            self._redo.append((self.text, self.cursor))
            self._become(*self._undo.pop())

    def redo(self) -> None:
        """Do again what undo took back last, unless something was changed since."""
        if self._redo:
            self._undo.append((self.text, self.cursor))
            self._become(*self._redo.pop())

    # Moving.

    def move_to(self, position: int, *, selecting: bool = False) -> None:
        """Put the cursor somewhere, taking the selection along or dropping it."""
        if not selecting:
            self.anchor = None
        elif self.anchor is None:
            self.anchor = self.cursor
        self.cursor = max(0, min(position, len(self.text)))
        self._typing = self._killing = False

    def left(self) -> int:
        """The position one character to the left."""
        return previous_boundary(self.text, self.cursor)

    def right(self) -> int:
        """The position one character to the right."""
        return next_boundary(self.text, self.cursor)

    def word_left(self) -> int:
        """The start of the word at or before the cursor."""
        return self._word_start(_is_word)

    def word_right(self) -> int:
        """The end of the word at or after the cursor."""
        return self._word_end()

    def line_start(self) -> int:
        """The start of the cursor's line."""
        return self.text.rfind("\n", 0, self.cursor) + 1

    def line_end(self) -> int:
        """The end of the cursor's line, before its line break."""
        end = self.text.find("\n", self.cursor)
        return len(self.text) if end < 0 else end

    # Inside.

    def _remember(self) -> None:
        self._redo.clear()
        self._undo.append((self.text, self.cursor))
        del self._undo[:-_UNDO_STEPS]

    def _become(self, text: str, cursor: int) -> None:
        self.text, self.cursor, self.anchor = text, cursor, None
        self._typing = self._killing = False

    def _replace_selection(self, text: str) -> None:
        start, end = self.selection or (self.cursor, self.cursor)
        self._become(self.text[:start] + text + self.text[end:], start + len(text))

    def _delete(self, towards: int) -> None:
        start, end = self.selection or (min(self.cursor, towards), max(self.cursor, towards))
        if start < end:
            self._remember()
            self._become(self.text[:start] + self.text[end:], start)

    def _kill(self, start: int, end: int, *, forwards: bool) -> None:
        start, end = max(start, 0), min(end, len(self.text))
        if start >= end:
            return
        self._ring.add(self.text[start:end], forwards=forwards, join=self._killing)
        self._remember()
        self._become(self.text[:start] + self.text[end:], start)
        self._killing = True

    def _word_start(self, belongs: Callable[[str], bool]) -> int:
        position = self.cursor
        while position > 0 and not belongs(self.text[position - 1]):
            position -= 1
        while position > 0 and belongs(self.text[position - 1]):
            position -= 1
        return position

    def _word_end(self) -> int:
        position = self.cursor
        while position < len(self.text) and not _is_word(self.text[position]):
            position += 1
        while position < len(self.text) and _is_word(self.text[position]):
            position += 1
        return position


def _is_word(character: str) -> bool:
    return character.isalnum()


def _is_not_blank(character: str) -> bool:
    return not character.isspace()
