r"""The guard at the last write: only the terminal sequences that chatty itself writes get through.

It stands behind the sanitiser, for the day a sink forgot it. It does not know whose text it sees; it
knows what Textual's drivers and compositor, and the command line's printer, ever write:

=========  ====================================================================================
where      what passes
=========  ====================================================================================
anywhere   printable text, CR, LF, tab; SGR; cursor moves (CSI A B C D G H); erase to the end of
           the line or the screen (CSI K, CSI J); synchronised output (mode 2026)
a write    alternate screen, mouse, paste, focus, line wrap, cursor and resize modes; their
of nothing queries; the kitty keyboard's push and pop; CSI 2J, CSI 6n; pointer shapes (OSC 22);
else       the question for the background's colour (OSC 11); the bell. Only for the full screen
announced  a clipboard write (OSC 52), character for character as announced just before; never a
           clipboard query
=========  ====================================================================================

Of anything else the control characters are removed and the rest is shown, so columns stay where the
screen library counted them. OSC 8 links are not used and do not pass. A frame always moves the cursor, so
not even one whose only text is hostile can pass for a change of modes.

Sources: textual 8.2.8, ``drivers/linux_driver.py``, ``drivers/linux_inline_driver.py``,
``_compositor.py``, ``app.py``; rich 15.0, ``control.py``.
"""

import functools
import re

from chatty.rendering.errors import GuardRefused

MAX_CLIPBOARD_BYTES = 1 << 20
"""Longest text that may be written to the clipboard, before base64."""

_MAX_HELD = 64
_MODES = "7|25|1000|1003|1004|1006|1007|1015|1016|1049|2004|2026|2048"
_AFTER_ESC = r"\[(?:[0-9;:]{0,60}m|[0-9]{0,5}[ABCDG]|(?:[0-9]{1,5};[0-9]{1,5})?H|[KJ]|\?2026[hl])"
_ALONE = (
    rf"\x1b\[(?:\?(?:{_MODES})[hl]|\?(?:2026|2048)\$p|>[0-9]{{1,2}}u|<[0-9]{{0,2}}u|2J|[0-2]?K|6n)"
    r"|\x1b\]22;[a-z-]{1,30}(?:\x07|\x1b\\)|\x1b\]11;\?\x1b\\|\x07"
)
_ANNOUNCED = r"\x1b\]52;[cps]{0,3};[A-Za-z0-9+/]{0,1400000}={0,2}(?:\x07|\x1b\\)"


class OutputGuard:
    """Filters what one program writes to one terminal, write by write.

    A sequence cut in two by the writer is put together again, unless it changes modes; what is held back
    is under ``_MAX_HELD`` characters and comes with the next write.

    Args:
        has_screen: whether the program takes the whole screen over, and so changes modes.
    """

    __slots__ = ("_announced", "_has_screen", "_held")

    def __init__(self, *, has_screen: bool = True) -> None:
        self._announced: set[str] = set()
        self._has_screen = has_screen
        self._held = ""

    def announce(self, sequence: str) -> None:
        """Let this clipboard write through once. To be called by its own code only.

        Raises:
            GuardRefused: it is none, not well formed, or too long.
        """
        if not _announceable().fullmatch(sequence) or len(sequence) > MAX_CLIPBOARD_BYTES * 4 // 3 + 20:
            raise GuardRefused("only a clipboard write may be announced")
        self._announced.add(sequence)

    def filter(self, data: str) -> str:
        """Return the data with nothing in it that chatty does not write itself."""
        if not self._held and not _trouble().search(data):
            return data
        if data in self._announced:
            self._announced.discard(data)
            return data
        if self._has_screen and not self._held and _modes().fullmatch(data):
            return data
        data = self._held + data
        self._held = ""
        data = self._hold_unfinished(data)
        return _trouble().sub("", data)

    def _hold_unfinished(self, data: str) -> str:
        start = data.rfind("\x1b", -_MAX_HELD)
        if start >= 0 and _unfinished().match(data, start):
            data, self._held = data[:start], data[start:]
        return data


def clipboard_write(text: str) -> str:
    """Return the sequence that writes the clipboard.

    Raises:
        GuardRefused: the text is longer than ``MAX_CLIPBOARD_BYTES``.
    """
    import base64  # 1 ms, at the first copy

    data = text.encode("utf-8", "replace")
    if len(data) > MAX_CLIPBOARD_BYTES:
        raise GuardRefused("too long for the clipboard")
    return f"\x1b]52;c;{base64.b64encode(data).decode('ascii')}\x07"


@functools.cache
def _trouble() -> re.Pattern[str]:
    return re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]|\x1b(?!{_AFTER_ESC})")


@functools.cache
def _modes() -> re.Pattern[str]:
    return re.compile(rf"(?:{_ALONE})+")


@functools.cache
def _announceable() -> re.Pattern[str]:
    return re.compile(_ANNOUNCED)


@functools.cache
def _unfinished() -> re.Pattern[str]:
    return re.compile(r"\x1b(?:\[[0-9;:?<>]{0,60}\$?)?\Z")
