"""Full-text search over the guide's sections: an SQLite table in memory.

It is built at the first question, in a few milliseconds, and belongs to the thread that built it. It ranks;
whether the best hit is good enough is for `answers.py` to say.
"""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from chatty.providers.guide.pages import Section

_WORD = re.compile(r"\w+")
_MAX_WORDS = 24
"""Words of a question that are looked up; a longer text is not a question about chatty."""

_COMMON = frozenset(
    _WORD.findall(
        """a about after again all also am an and any are as at be been before being but by can cannot chatty
        could did do does doesn doing don for from get give go going got had has have he hello help her hey hi
        his how i if in into is isn it its just know let like ll make may me might must my no not now of on or
        our out please re really s say she should so some something such t tell than thank thanks that the
        their them then there these they thing things this those to up us use used using ve very want was we
        well were what when where whether which while who whom whose why will with won would yes you your"""
    )
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One section that was found."""

    section: Section
    coverage: float
    """Which part of the question's words, 0 to 1, the section contains."""
    is_named: bool
    """One of them stands in its title or among the words people ask for it with."""


class GuideIndex:
    """Searches one set of sections."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = sections
        self._database = sqlite3.connect(":memory:")
        self._database.execute(
            "CREATE VIRTUAL TABLE section USING fts5(title, asked_as, page, text,"
            " tokenize = 'porter unicode61 remove_diacritics 2', prefix = '4')"
        )
        self._database.executemany(
            "INSERT INTO section (rowid, title, asked_as, page, text) VALUES (?, ?, ?, ?, ?)",
            [(number, it.title, it.asked_as, it.page_title, it.text) for number, it in enumerate(sections)],
        )

    def close(self) -> None:
        """Forget the table; nothing can be searched afterwards."""
        self._database.close()

    def search(self, question: str, limit: int = 3) -> Sequence[Hit]:
        """Return the best sections, best first; none when the question has no word that the pages know."""
        words = content_words(question)
        if not words:
            return []
        matches = {word: self._sections_with(_term(word)) for word in words}
        named = frozenset[int]().union(
            *(self._sections_with(f"{{title asked_as}} : ({_term(word)})") for word in words)
        )
        query = " OR ".join(_term(word) for word in words)
        rows = self._database.execute(
            # The title and the words people use say what a section answers, so they weigh most.
            "SELECT rowid, bm25(section, 8.0, 8.0, 0.5, 1.0) FROM section"
            " WHERE section MATCH ? ORDER BY 2 LIMIT 12",
            (query,),
        ).fetchall()
        hits = [
            (score * (0.4 + coverage), Hit(self._sections[number], coverage, number in named))
            for number, score in rows
            for coverage in [sum(number in matches[word] for word in words) / len(words)]
        ]
        hits.sort(key=lambda scored: scored[0])  # bm25 is negative: smaller is better
        return [hit for _, hit in hits[:limit]]

    def _sections_with(self, query: str) -> frozenset[int]:
        rows = self._database.execute("SELECT rowid FROM section WHERE section MATCH ?", (query,))
        return frozenset(number for (number,) in rows)


def content_words(text: str) -> Sequence[str]:
    """Return the words of a question that say what it is about, lower case, each once, in order."""
    found = _WORD.findall(text.lower())
    words = dict.fromkeys(word for word in found if word not in _COMMON and not _is_digit(word))
    return list(words)[:_MAX_WORDS]


def _is_digit(word: str) -> bool:
    """Tell whether it is a digit by itself, which stands in many places and means nothing in most."""
    return len(word) == 1 and word.isdigit()


def _term(word: str) -> str:
    """Return a full-text query for one word and what begins with it. Words hold no quotes."""
    return f'("{word}" OR "{word}"*)' if len(word) >= 4 else f'"{word}"'
