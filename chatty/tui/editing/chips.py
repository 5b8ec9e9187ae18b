"""Things that stand in the composer as one unit: a long paste, a text too long to be edited here.

A chip is one private character in the text, so that it moves, deletes and undoes as a whole; its label is
what is drawn and its content is what is sent. Such characters are taken out of anything typed or pasted.
"""

import re
from dataclasses import dataclass

_FIRST = 0xF0000
_LAST = 0xFFFFD
_MARK = re.compile(f"([{chr(_FIRST)}-{chr(_LAST)}])")

LONG_PASTE_LINES = 10
LONG_PASTE_CHARACTERS = 1_000
EDITABLE_CHARACTERS = 20_000
"""Longer texts that come back, from the history or from an editor, stand as one unit, too."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One unit: `label` is drawn, `content` is sent."""

    label: str
    content: str


class Chips:
    """The chips of one composer; a mark is the private character that stands for a chip."""

    def __init__(self) -> None:
        self._chips: dict[str, Chip] = {}
        self._next = _FIRST

    def add(self, chip: Chip) -> str:
        """Keep the chip and give the character that stands for it."""
        mark = chr(self._next)
        self._next = _FIRST if self._next == _LAST else self._next + 1
        self._chips[mark] = chip
        return mark

    def label(self, character: str) -> str:
        """What is drawn for a character."""
        chip = self._chips.get(character)
        return character if chip is None else chip.label

    def expand(self, text: str) -> str:
        """The text with every chip replaced by its content: what is sent, copied and kept as a draft."""
        return _MARK.sub(lambda mark: self._content(mark[0]), text) if self._chips else text

    def split(self, text: str) -> tuple[str | Chip, ...]:
        """The text in pieces: chips, and what stands between them."""
        pieces = _MARK.split(text) if self._chips else [text]
        return tuple(self._chips.get(piece, piece) for piece in pieces if piece)

    def _content(self, mark: str) -> str:
        chip = self._chips.get(mark)
        return mark if chip is None else chip.content


def without_marks(text: str) -> str:
    """The text with foreign private characters replaced, so that nothing pasted can pose as a chip."""
    return _MARK.sub("\ufffd", text)


def is_long(text: str) -> bool:
    """Whether a paste becomes a chip instead of text."""
    return len(text) > LONG_PASTE_CHARACTERS or text.count("\n") >= LONG_PASTE_LINES


def paste_chip(text: str) -> Chip:
    """The chip of a long paste, such as `[pasted 42 lines, 1.8 KB]`."""
    return Chip(f"[pasted {_extent(text)}]", text)


def text_chip(text: str) -> Chip:
    """The chip of a text too long to be edited here, such as `[900 lines, 41.8 KB]`."""
    return Chip(f"[{_extent(text)}]", text)


def _extent(text: str) -> str:
    lines = text.count("\n") + (not text.endswith("\n"))
    noun = "line" if lines == 1 else "lines"
    return f"{lines} {noun}, {size_words(len(text.encode()))}"


def size_words(size: int) -> str:
    """A size in bytes for people: `640 B`, `1.8 KB`, `3.4 MB` (powers of 1024)."""
    if size < 1024:
        return f"{size} B"
    for unit in ("KB", "MB"):
        size_in_unit = size / (1024 if unit == "KB" else 1024**2)
        if size_in_unit < 1000:
            return f"{size_in_unit:.1f} {unit}"
    return f"{size / 1024**3:.1f} GB"
