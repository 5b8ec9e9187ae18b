"""The one sanitiser for foreign text, in front of every sink.

It lies below everything that draws: the Markdown renderer, the widgets, the command line's lines,
errors quoted from elsewhere. It uses the standard library alone and compiles its patterns at the
first text that needs them. It does not touch what is stored: callers sanitise where text leaves
for a screen, and the raw text stays exportable.

What becomes of what (``‹…›`` is literally what the person sees):

==============================================  =====================================================
input                                           output
==============================================  =====================================================
newline, tab                                    kept; one space each with ``multiline=False``
CR LF, lone CR, U+2028, U+2029                  newline, so nothing can be overwritten on its row
a complete escape sequence (CSI, OSC, DCS,      removed whole, 7-bit and 8-bit form alike
APC, PM, SOS, nF, two-character)
a malformed or unfinished escape sequence       the introducer is removed, the rest is shown as text
other C0, DEL, other C1                         removed
bidirectional embeddings, overrides, isolates,  ``‹U+202E›``
deprecated format characters, interlinear
annotation; letters nobody sees (Hangul         ``‹U+3164›``
fillers), invisible controls of shorthand and
music, reserved invisible characters
lone surrogates                                 U+FFFD
tag characters (the three flags of England,     ``‹U+E0041›``, a run as ``‹23 tag characters›``
Scotland and Wales stay)
combining marks beyond eight on one character   ``‹992 combining marks›``
a second zero-width character in a row          ``‹U+200B›``, a run as ``‹12 zero-width characters›``
==============================================  =====================================================

Single joiners, direction marks and variation selectors stay, so do a selector and a joiner
together: Persian, Hindi, Hebrew and emoji need them. So does the braille blank, U+2800: it hides no
more than a space does, and pictures made of braille are full of it. No long run of what Unicode
lets programs draw as nothing passes (Default_Ignorable_Code_Point, DerivedCoreProperties 16.0).

A string sequence (OSC and its kin) ends at BEL, ST or U+009C. It is malformed as soon as it meets
another introducer, CAN, SUB or a newline, or grows beyond ``MAX_STRING`` characters; so an
unterminated one hides nothing and delays a stream by a line at most.

Rules for terminals' parsers: ECMA-48 (5th edition), sections 5.3 to 5.6; xterm's ctlseqs.
"""

import functools
import re
from collections.abc import Callable

MAX_STRING = 4096
"""Longest body of a string sequence that is still removed whole, in code points."""

MAX_MARKS = 8
"""Combining marks kept on one character; Biblical Hebrew and Tibetan need five."""

_ESC_STRING = r"\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]"
_BODY = r"[^\x07\n\x18\x1a\x1b\x80-\x9f]"
_CSI = r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}"
_ENGLAND, _SCOTLAND, _WALES = (
    "".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls")
)
_BLACK_FLAG = "\U0001f3f4"
_CANCEL_TAG = "\U000e007f"
_FLAGS = tuple(_BLACK_FLAG + name + _CANCEL_TAG for name in (_ENGLAND, _SCOTLAND, _WALES))

_SHOWN = (
    r"\u202a-\u202e\u2066-\u206f\ufff0-\ufffb\u115f\u1160\u3164\uffa0"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
)
_TAGS = r"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
_INVISIBLE = r"\u00ad\u061c\u180b-\u180f\u200b-\u200f\u2060-\u2065\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
_SCRIPTS_WITH_MARKS = (
    r"\u0300-\u1fff\u20d0-\u20ff\u2cef-\u2fff\u302a-\u302f\u3099\u309a\ua66f-\uabff\ufb1e\ufe20-\ufe2f"
    r"\U000101fd-\U0001e94a"
)
"""Few ranges that hold every combining mark: fast to search for."""

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_ALWAYS = _CONTROLS + r"\u2028\u2029\ud800-\udfff" + _SHOWN + _TAGS

_SELECTORS = frozenset({*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)})
_INVISIBLES = _SELECTORS | {0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x2060, 0x2066), 0xFEFF}
_JOINER = 0x200D


def sanitize(text: str, *, multiline: bool = True) -> str:
    """Return the text with nothing in it that a terminal or a reader's eye could be tricked by.

    Idempotent. With ``multiline=False`` the result is one row: line breaks and tabs become spaces.
    """
    if not _is_clean(text):
        stream = StreamSanitizer()
        text = stream.feed(text) + stream.finish()
    if not multiline:
        text = text.replace("\n", " ").replace("\t", " ")
    return text


def json_escape(text: str) -> str:
    r"""Escape, in JSON text, what ``json.dumps`` leaves raw and a terminal may act upon.

    DEL, C1, bidirectional controls, what nobody sees, line separators and lone surrogates become
    ``\uXXXX``. They can stand only inside JSON strings, so the value that is read back is the same.
    """
    return _always().sub(_as_json_escapes, text)


class StreamSanitizer:
    """The same sanitiser for text in pieces: joined results equal the result for the joined text.

    Order is kept. At most ``MAX_STRING`` characters and a few are held back until the next piece;
    ``finish`` hands them out, and the object can be used again.
    """

    __slots__ = ("_cluster", "_held")

    def __init__(self) -> None:
        self._held = ""
        self._cluster = _Cluster()

    def feed(self, text: str) -> str:
        """Return what of this piece, and of what was held back, can be shown now."""
        if not text:
            return ""
        text = self._held + text
        self._held = ""
        if _is_clean(text) and not self._touches_cluster(text):
            return self._cluster.close() + text
        return self._scan(text, is_final=False)

    def finish(self) -> str:
        """Return what was held back; an unfinished sequence loses its introducer only."""
        text, self._held = self._held, ""
        return self._scan(text, is_final=True) + self._cluster.close()

    def _touches_cluster(self, text: str) -> bool:
        if text.isascii():
            return False
        is_special = _special().match
        return is_special(text[0]) is not None or is_special(text[-1]) is not None

    def _scan(self, text: str, *, is_final: bool) -> str:
        output: list[str] = []
        position = 0
        for_special = _special().search
        while match := for_special(text, position):
            start = match.start()
            if start > position:
                output += (self._cluster.close(), text[position:start])
            if not is_final and _unfinished().match(text, start):
                self._held = text[start:]
                return "".join(output)
            position = self._take(text, start, output)
        if position < len(text):
            output += (self._cluster.close(), text[position:])
        return "".join(output)

    def _take(self, text: str, start: int, output: list[str]) -> int:
        """Handle the special thing at ``start``; return where it ends."""
        match = _thing().match(text, start)
        if match is None:  # nothing special after all: the search is coarser than the things
            output += (self._cluster.close(), text[start])
            return start + 1
        kind, found = match.lastgroup, match.group()
        if kind == "cluster":
            output.append(self._cluster.take(found))
        elif kind is not None and kind != "removed":
            output += (self._cluster.close(), _REPLACEMENTS[kind](found))
        return match.end()


class _Cluster:
    """The zero-width characters after one visible character: which stay, and how many do not.

    From the first that is refused on, all are; so what stays is a cluster that passes again.
    """

    __slots__ = ("_first_refused", "_last_kind", "_marks", "_refused")

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._marks = 0
        self._last_kind = ""
        self._first_refused = ""
        self._refused: dict[str, int] = {}

    def take(self, run: str) -> str:
        """Return the part of the run that stays."""
        for index, character in enumerate(run):
            kind = _kind(character)
            if self._refused or not self._accepts(kind, character):
                self._refuse(run[index:])
                return run[:index]
            self._last_kind = kind
        return run

    def close(self) -> str:
        """End the cluster; return the marker for what was refused, or nothing."""
        if not self._refused:
            if self._last_kind:
                self._reset()
            return ""
        if sum(self._refused.values()) == 1:
            marker = _code_point(self._first_refused)
        else:
            marker = "".join(f"‹{count} {kind}›" for kind, count in self._refused.items())
        self._reset()
        return marker

    def _accepts(self, kind: str, character: str) -> bool:
        if kind == _MARK:
            self._marks += 1
            return self._marks <= MAX_MARKS
        if kind == _TAG:
            return False
        if self._last_kind == _SELECTOR:
            return ord(character) == _JOINER
        return self._last_kind != _ZERO_WIDTH

    def _refuse(self, run: str) -> None:
        if not self._refused:
            self._first_refused = run[0]
        for character in run:
            kind = _kind(character)
            kind = _ZERO_WIDTH if kind == _SELECTOR else kind
            self._refused[kind] = self._refused.get(kind, 0) + 1


_MARK, _TAG, _SELECTOR, _ZERO_WIDTH = (
    "combining marks",
    "tag characters",
    "variation selectors",
    "zero-width characters",
)


def _kind(character: str) -> str:
    code = ord(character)
    if code in _SELECTORS:
        return _SELECTOR
    if code in _INVISIBLES:
        return _ZERO_WIDTH
    return _TAG if 0xE0000 <= code <= 0xE0FFF else _MARK


def _code_point(character: str) -> str:
    return f"‹U+{ord(character):04X}›"


_REPLACEMENTS: dict[str, Callable[[str], str]] = {
    "newline": lambda _: "\n",
    "flag": str,
    "shown": _code_point,
    "surrogate": lambda _: "\ufffd",
}


def _as_json_escapes(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[index : index + 4]}" for index in range(0, len(units), 4))


def _is_clean(text: str) -> bool:
    """Tell whether the text is its own sanitised form, by a few searches at most; a no may be wrong."""
    if text.isascii():
        return not _ascii_trouble().search(text)
    if not _suspicious().search(text):
        return True
    if _always().search(text) or _pair().search(text):
        return False
    return not (_long_word().search(text) and _possible_run().search(text))


@functools.cache
def _ascii_trouble() -> re.Pattern[str]:
    return re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@functools.cache
def _always() -> re.Pattern[str]:
    return re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff" + _SHOWN + _TAGS + r"\x00-\x08\x0b-\x1f]")


@functools.cache
def _zero_width() -> str:
    from chatty.rendering import _marks  # 3 kB of ranges, needed once text is not ASCII

    return _INVISIBLE + _marks.character_class()


@functools.cache
def _zero_width_or_like() -> str:
    from chatty.rendering import _marks

    return _INVISIBLE + _marks.coarse_character_class()


@functools.cache
def _pair() -> re.Pattern[str]:
    return re.compile(f"[{_INVISIBLE}][{_INVISIBLE}]")  # {2} is searched at half the speed


@functools.cache
def _suspicious() -> re.Pattern[str]:
    """Return a class of what may be trouble and of all scripts that use marks: one search for most texts."""
    return re.compile(f"[{_ALWAYS}{_INVISIBLE}{_SCRIPTS_WITH_MARKS}]")


@functools.cache
def _long_word() -> re.Pattern[str]:
    """Return the pattern of as many letters of such scripts as would be too many marks."""
    return re.compile(f"[{_INVISIBLE}{_SCRIPTS_WITH_MARKS}]{{{MAX_MARKS + 1}}}")


@functools.cache
def _possible_run() -> re.Pattern[str]:
    return re.compile(f"[{_zero_width_or_like()}]{{{MAX_MARKS + 1}}}")


@functools.cache
def _special() -> re.Pattern[str]:
    return re.compile(f"[{_ALWAYS}{_BLACK_FLAG}{_zero_width_or_like()}]")


@functools.cache
def _thing() -> re.Pattern[str]:
    """Return the pattern for one special thing; the name of the group says what to do with it."""
    sequence = "|".join(
        (
            _CSI + "[@-~]",
            rf"(?:{_ESC_STRING}){_BODY}{{0,{MAX_STRING}}}(?:\x07|\x9c|\x1b\\)",
            r"\x1b[ -/]{1,4}[0-~]",
            r"\x1b[0-OQ-WYZ\\`-~]",
            r"\x1b\[|\x9b",
            _ESC_STRING,
        )
    )
    return re.compile(
        f"(?P<cluster>[{_TAGS}{_zero_width()}]+)"
        rf"|(?P<newline>\r\n?|[\u2028\u2029])"
        f"|(?P<flag>{'|'.join(_FLAGS)})"
        f"|(?P<shown>[{_SHOWN}])"
        r"|(?P<surrogate>[\ud800-\udfff])"
        f"|(?P<removed>{sequence}|[{_CONTROLS}])"
    )


@functools.cache
def _unfinished() -> re.Pattern[str]:
    """Return the pattern for what, at the very end of a piece, may still become a whole thing."""
    flags = "|".join(
        sorted({flag[:length] for flag in _FLAGS for length in range(1, len(flag))}, key=len, reverse=True)
    )
    return re.compile(
        rf"(?:\r|{flags}|{_CSI}|(?:{_ESC_STRING}){_BODY}{{0,{MAX_STRING}}}\x1b?|\x1b[ -/]{{0,4}})\Z"
    )
