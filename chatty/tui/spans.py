"""Pieces of styled text, and fitting them into a width.

A span names its *role* ("muted", "primary", "code-keyword" …), never a colour:
`palette.py` knows the colours. All text that reaches a span is already sanitised;
nothing here reads markup. Widths are in terminal cells.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size


class Span(NamedTuple):
    """A run of text in one style."""

    text: str
    role: str = "text"
    bold: bool = False
    italic: bool = False
    underline: bool = False


Spans = Sequence[Span]


def width(spans: Iterable[Span]) -> int:
    """Cells taken by the spans together."""
    return sum(cell_len(span.text) for span in spans)


def plain(spans: Iterable[Span]) -> str:
    """The text without its styles."""
    return "".join(span.text for span in spans)


def cut(spans: Spans, limit: int) -> list[Span]:
    """The spans cut to at most `limit` cells, ending in `…` if something was lost."""
    if width(spans) <= limit:
        return list(spans)
    if limit <= 0:
        return []
    kept: list[Span] = []
    room = limit - 1
    for span in spans:
        size = cell_len(span.text)
        if size > room:
            kept.append(span._replace(text=set_cell_size(span.text, room).rstrip() + "…"))
            return kept
        kept.append(span)
        room -= size
    return kept


def cut_middle(text: str, limit: int) -> str:
    """The text, its middle replaced by `…` when wider than `limit` cells: names differ at both ends."""
    if cell_len(text) <= limit:
        return text
    if limit <= 1:
        return "…"[:limit]
    head_cells = (limit - 1 + 1) // 2
    tail_cells = limit - 1 - head_cells
    head = _leading(text, head_cells)
    tail = _leading(text[::-1], tail_cells)[::-1]
    return f"{head}…{tail}"


def fit_items(items: Sequence[Spans], limit: int, gap: int, *, keep_last: bool = False) -> list[Span]:
    """As many whole items as fit in `limit` cells, `gap` cells apart; dropped from the right, never cut.

    With `keep_last` the last item stays, and the ones before it are dropped instead.
    """
    kept = list(items)
    while kept and _joined_width(kept, gap) > limit:
        if keep_last and len(kept) > 1:
            del kept[-2]
        else:
            del kept[-1]
    return join(kept, gap)


def join(items: Sequence[Spans], gap: int) -> list[Span]:
    """The items one after another with `gap` empty cells between them."""
    joined: list[Span] = []
    for item in items:
        if joined:
            joined.append(Span(" " * gap))
        joined.extend(item)
    return joined


def _joined_width(items: Sequence[Spans], gap: int) -> int:
    return sum(width(item) for item in items) + gap * (len(items) - 1)


def _leading(text: str, cells: int) -> str:
    """The longest start of `text` that is not wider than `cells`."""
    taken = 0
    for index, character in enumerate(text):
        taken += cell_len(character)
        if taken > cells:
            return text[:index]
    return text
