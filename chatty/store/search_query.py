"""What a person typed into the search line, understood: words, "phrases", prefix* and -without.

Any text is a valid query. The tokens found here follow the same rule as the index's: runs of letters and
digits, without case and accents.
"""

import re
import unicodedata
from dataclasses import dataclass

MAX_TERMS = 32
PREFIX_LETTERS = 3
"""A shorter prefix finds nearly everything, so it is taken as a word."""

_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_TOKEN = re.compile(r"[^\W_]+")
_ACCENTED = re.compile("([A-Za-z])[\u0300-\u036f]+")


@dataclass(frozen=True, slots=True)
class Term:
    """Tokens that must stand side by side; the last may be the beginning of a word."""

    tokens: tuple[str, ...]
    is_prefix: bool = False
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All terms that are not excluded must occur, none of the excluded ones may."""

    terms: tuple[Term, ...]

    @property
    def wanted(self) -> tuple[Term, ...]:
        """The terms that must occur; a query without any finds nothing."""
        return tuple(term for term in self.terms if not term.is_excluded)

    @property
    def excluded(self) -> tuple[Term, ...]:
        """The terms that must not occur."""
        return tuple(term for term in self.terms if term.is_excluded)


def parse(text: str) -> Query:
    """Read a query; more than MAX_TERMS terms are cut off."""
    terms = []
    for match in _TERM.finditer(text):
        minus, phrase, word = match.groups()
        term = _term(phrase if word is None else word, bool(minus), is_word=word is not None)
        if term is not None:
            terms.append(term)
    return Query(tuple(dict.fromkeys(terms))[:MAX_TERMS])


def tokens(text: str) -> list[str]:
    """Return the text's tokens in order."""
    return _TOKEN.findall(fold(text))


def fold(text: str) -> str:
    """Return the text without case, and without accents on Latin letters: FTS5 drops no others.

    Source: https://sqlite.org/fts5.html, section 4.3.1 (unicode61, `remove_diacritics 2`).
    """
    if text.isascii():
        return text.lower()
    bare = _ACCENTED.sub(r"\1", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", bare).lower()


def _term(text: str, is_excluded: bool, *, is_word: bool) -> Term | None:
    found = tuple(tokens(text))
    if not found:
        return None
    is_prefix = is_word and text.endswith("*") and len(found[-1]) >= PREFIX_LETTERS
    return Term(found, is_prefix, is_excluded)
