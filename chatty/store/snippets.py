"""The piece of a text that shows why it was found. The same for every engine, since neither makes it."""

import re
import unicodedata
from collections.abc import Iterable

from chatty.store.search_query import Query, Term

MARK_BEGIN = "\x02"
MARK_END = "\x03"
CUT = "…"

_BEFORE = 60
_LENGTH = 220
_SEARCHED = 200_000


class _Folding(dict[int, str]):
    """Character by character without case and accents, so that positions stay; filled as characters come."""

    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFD", chr(code))[0]
        folded = (base if base.isascii() else chr(code)).lower()
        self[code] = folded if len(folded) == 1 else chr(code)
        return self[code]


class Snippets:
    """Cuts and marks texts for one query."""

    def __init__(self, query: Query) -> None:
        self._pattern = _pattern(query.wanted)
        self._folding = _Folding()

    def of(self, text: str) -> str:
        """Return a line of about 220 characters around the first match, with each match in it marked.

        Only the first 200,000 characters are looked at; a match behind them shows the beginning.
        """
        text = text[:_SEARCHED].translate(_BLANKS)
        folded = text.lower() if text.isascii() else text.translate(self._folding)
        match = self._pattern.search(folded)
        begin = _word_begin(text, match.start() - _BEFORE) if match is not None else 0
        end = _word_end(text, begin + _LENGTH)
        spans = [found.span() for found in self._pattern.finditer(folded, begin, end)]
        marked = _mark(text, begin, end, spans).strip()
        return (CUT if begin else "") + marked + (CUT if end < len(text) else "")


_BLANKS = dict.fromkeys((*range(32), 127), " ")
"""A snippet is one line, and its two marks must be the only control characters in it."""


def _pattern(terms: Iterable[Term]) -> re.Pattern[str]:
    alternatives = sorted((_alternative(term) for term in terms), key=len, reverse=True)
    return re.compile("|".join(alternatives) or "(?!)")


def _alternative(term: Term) -> str:
    words = r"[\W_]+".join(re.escape(token) for token in term.tokens)
    return rf"(?<![^\W_]){words}" + (r"[^\W_]*" if term.is_prefix else r"(?![^\W_])")


def _word_begin(text: str, position: int) -> int:
    if position <= 0:
        return 0
    blank = text.find(" ", position, position + _BEFORE)
    return position if blank < 0 else blank + 1


def _word_end(text: str, position: int) -> int:
    if position >= len(text):
        return len(text)
    blank = text.rfind(" ", position - _BEFORE, position)
    return position if blank < 0 else blank


def _mark(text: str, begin: int, end: int, spans: Iterable[tuple[int, int]]) -> str:
    pieces = []
    for start, stop in spans:
        pieces += [text[begin:start], MARK_BEGIN, text[start:stop], MARK_END]
        begin = stop
    return "".join([*pieces, text[begin:end]])
