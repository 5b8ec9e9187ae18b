"""Finding what someone means by a few letters. No widget, no state."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


def score(words: str, text: str) -> int | None:
    """How well a text fits what was typed, smaller is better; None when it does not fit.

    Every word must be there; a word fits best at the start of the text, then at the start of a word, then
    inside one, and least as letters in their order with others between.
    """
    folded = text.casefold()
    total = 0
    for word in words.casefold().split():
        fit = _word_score(word, folded)
        if fit is None:
            return None
        total += fit
    return total


def matching(words: str, items: Iterable[Item], text_of: Callable[[Item], str]) -> list[Item]:
    """The items that fit, best first; equally good ones keep their order. No words: all of them."""
    scored = [(fit, item) for item in items if (fit := score(words, text_of(item))) is not None]
    scored.sort(key=lambda pair: pair[0])
    return [item for _, item in scored]


def _word_score(word: str, text: str) -> int | None:
    place = text.find(word)
    if place == 0:
        return 0
    if place > 0:
        starts_word = any(not text[found - 1].isalnum() for found in _places(word, text))
        return 1 if starts_word else 2
    return 3 + len(text) if _in_order(word, text) else None


def _places(word: str, text: str) -> Iterable[int]:
    place = text.find(word)
    while place > 0:
        yield place
        place = text.find(word, place + 1)


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
