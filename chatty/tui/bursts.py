"""Takes for a paste what comes faster than anyone types, where the terminal does not say what is one.

Without bracketed paste every line of a pasted text would be sent as a message of its own, and every letter
laid out for itself. Pure text in, text out, before `key_bytes.py`: a burst gets the marks of a paste.
"""

import re

PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE_BEHIND_ANOTHER = re.compile("[\r\n][^\r\n]")
_MORE_THAN_A_HAND_TYPES = 100
"""Characters that were there to be read at once."""


class Bursts:
    """Marks bursts; text that follows at once belongs to them, until `end`.

    An enter behind a single line is one: programs that type for a person end so. Once the terminal has marked
    a paste itself there is nothing left to guess.
    """

    def __init__(self) -> None:
        self.is_open = False
        """A burst has begun; `end` is due when nothing follows for a while."""
        self._is_marked_by_terminal = False
        self._held = ""
        self._has_lines = False

    def feed(self, text: str) -> str:
        """The text with a mark where a burst begins, or ends because something else follows."""
        if self.is_open and _NOT_TEXT.search(text) is None:
            return self._take(text)
        if self.is_open:
            return self.end() + text
        self._is_marked_by_terminal |= PASTE_START in text
        if self._is_marked_by_terminal or not _is_burst(text):
            return text
        self.is_open, self._has_lines = True, False
        return PASTE_START + self._take(text)

    def end(self) -> str:
        """Nothing followed."""
        held, self._held, self.is_open = self._held, "", False
        return held + PASTE_END if self._has_lines else PASTE_END + held

    def _take(self, text: str) -> str:
        text = self._held + text
        body = text.removesuffix("\n").removesuffix("\r")
        self._held = text[len(body) :]
        self._has_lines = self._has_lines or "\r" in body or "\n" in body
        return body


def _is_burst(text: str) -> bool:
    is_too_fast = len(text) >= _MORE_THAN_A_HAND_TYPES or _LINE_BEHIND_ANOTHER.search(text)
    return bool(is_too_fast) and _NOT_TEXT.search(text) is None
