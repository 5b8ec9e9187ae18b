"""Puts right what Textual's parser would misread in the bytes of the keyboard. Pure text in, text out.

Terminals without the extended keyboard protocol send alt+key as ESC and the key. Textual 8.2 reads
`ESC CR` (alt+enter) as enter, which would send; `ESC DEL` (alt+backspace) as ^w; `ESC 1` as the letter `¡`;
and waits a tenth of a second for `ESC d`. Extended sequences stand for all but alt+digit, which is dropped,
since nothing may be bound to it.
"""

import re
import string

_REWRITTEN = {
    "\r": "\x1b[13;3u",
    "\n": "\x1b[13;3u",
    "\x7f": "\x1b[127;3u",
    "\b": "\x1b[127;3u",
    **{letter: f"\x1b[{ord(letter)};3u" for letter in string.ascii_lowercase},
}
_ALT_KEY = re.compile("\x1b(?:(?P<key>[a-z\r\n\x7f\b])|[0-9§=\\-])")

ESCAPE = "\x1b"


class KeyBytes:
    """Rewrites a stream of keyboard text in pieces; a trailing ESC waits for what comes after it."""

    def __init__(self) -> None:
        self._has_escape = False

    @property
    def is_waiting(self) -> bool:
        """Whether an ESC is held back."""
        return self._has_escape

    def feed(self, text: str) -> str:
        """The text to parse now."""
        if self._has_escape:
            text = ESCAPE + text
        self._has_escape = text.endswith(ESCAPE)
        if self._has_escape:
            text = text[:-1]
        return _ALT_KEY.sub(_rewritten, text)

    def release(self) -> bool:
        """Nothing followed: True if an ESC was held back, which now stands for the key itself."""
        was_waiting, self._has_escape = self._has_escape, False
        return was_waiting


def _rewritten(match: re.Match[str]) -> str:
    return _REWRITTEN.get(match["key"] or "", "")
