"""Puts right what Textual's parser would misread in the bytes of the keyboard. Pure text in, text out.

Terminals without the extended keyboard protocol send alt+key as ESC and the key. Textual 8.2 reads
`ESC CR` (alt+enter) as enter, which would send; `ESC DEL` (alt+backspace) as ^w; `ESC 1` as the letter `¡`;
`ESC .` as the full stop alone; and waits a tenth of a second for `ESC d`. Extended sequences stand for all
but alt+digit, which is dropped, since nothing may be bound to it.

What a terminal answers to a question is no key either. Only one answer of those that Textual does not know
is for us, the background's colour; the others are for a program that asked and left before they came.
"""

import re
import string
from collections.abc import Callable

from chatty.tui.bursts import PASTE_END, PASTE_START

_REWRITTEN = {
    "\r": "\x1b[13;3u",
    "\n": "\x1b[13;3u",
    "\x7f": "\x1b[127;3u",
    "\b": "\x1b[127;3u",
    **{key: f"\x1b[{ord(key)};3u" for key in string.ascii_lowercase + "!\"#$%&'()*+,./:;<>?@\\^_`{|}~"},
}
_ALT_KEY = re.compile(f"\x1b(?:(?P<key>[{re.escape(''.join(_REWRITTEN))}])|[0-9§=\\-])")

_LONGEST_REPLY = 200
_BODY = f"[^\x07\x1b\r]{{0,{_LONGEST_REPLY}}}"
_END = "(?:\x07|\x1b\\\\)"
_REPLY = re.compile(
    # Colours (OSC), the keyboard's and the terminal's kind (CSI), its version (DCS).
    f"\x1b](?:11;rgba?:(?P<colour>[0-9a-fA-F/]{{1,40}})|[0-9]{{1,4}};{_BODY}){_END}"
    f"|\x1b\\[[?>=][0-9;:]{{0,{_LONGEST_REPLY}}}[a-zA-Z]"
    f"|\x1bP[0-9>!]{_BODY}{_END}"
)
_UNFINISHED_REPLY = re.compile(
    f"\x1b(?:](?:[0-9]{{1,4}}(?:;{_BODY}\x1b?)?)?|\\[[?>=][0-9;:]{{0,{_LONGEST_REPLY}}}|P(?:[0-9>!]{_BODY}\x1b?)?)\\Z"
)
_NO_KEY_BEGINS_SO = re.compile("\x1b(?:][0-9]|\\[[?>=]|P[0-9>!])")

ESCAPE = "\x1b"


class KeyBytes:
    """Rewrites a stream of keyboard text in pieces; what may be the start of a sequence waits for its rest.

    Nothing inside a bracketed paste is a key: every ESC in it is dropped, because Textual's parser would
    take what follows for keys, and a pasted `ESC CR` would send. The terminal's words are taken out, whenever
    they come: Textual would type them.

    Args:
        hear_ground: told the colour of the background as the terminal writes it, such as `ffff/ffff/ffff`.
    """

    def __init__(self, hear_ground: Callable[[str], None] | None = None) -> None:
        self._hear_ground = hear_ground
        self._held = ""
        self.is_in_paste = False
        """What comes now is pasted."""

    @property
    def is_waiting(self) -> bool:
        """Whether something is held back that stands for itself if nothing follows."""
        is_reply = _NO_KEY_BEGINS_SO.match(self._held) is not None
        return bool(self._held) and not self.is_in_paste and not is_reply

    def feed(self, text: str) -> str:
        """The text to parse now."""
        rest, self._held = self._held + text, ""
        parsed: list[str] = []
        while rest:
            marker = PASTE_END if self.is_in_paste else PASTE_START
            before, found, rest = rest.partition(marker)
            if not self.is_in_paste:
                before = _REPLY.sub(self._take_reply, before)
            if not found:
                kept = self._unfinished(marker, before)
                before, self._held = before[: len(before) - kept], before[len(before) - kept :]
            parsed.append(
                before.replace(ESCAPE, "") if self.is_in_paste else _ALT_KEY.sub(_rewritten, before)
            )
            if found:
                parsed.append(marker)
                self.is_in_paste = not self.is_in_paste
        return "".join(parsed)

    def _take_reply(self, match: re.Match[str]) -> str:
        if match["colour"] and self._hear_ground is not None:
            self._hear_ground(match["colour"])
        return ""

    def _unfinished(self, marker: str, text: str) -> int:
        """How many characters at the end of the text wait for what follows."""
        reply = None if self.is_in_paste else _UNFINISHED_REPLY.search(text)
        return len(reply[0]) if reply else _start_of(marker, text)

    def release(self) -> str:
        """Nothing followed for a while: what was held back; a lone ESC is the key of that name."""
        if not self.is_waiting:
            return ""
        released, self._held = self._held, ""
        return released


def _start_of(marker: str, text: str) -> int:
    """How many characters at the end of the text may be the start of the marker."""
    return next((size for size in range(len(marker) - 1, 0, -1) if text.endswith(marker[:size])), 0)


def _rewritten(match: re.Match[str]) -> str:
    return _REWRITTEN.get(match["key"] or "", "")
