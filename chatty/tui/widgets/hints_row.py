"""The last row: the keys that work now, and what the conversation has used."""

from dataclasses import dataclass

from textual.reactive import reactive

from chatty.tui.spans import Span, Spans, fit_items, join, width
from chatty.tui.state import OpenConversation, Spent
from chatty.tui.widgets.two_sided_row import TwoSidedRow

_HINTS_AT_LEAST = 3
"""Hints that no figure pushes out."""


@dataclass(frozen=True, slots=True)
class HintsContent:
    """What the hints row shows: hints in order of use, and the figures from the least to the most wanted."""

    hints: tuple[tuple[Span, ...], ...] = ()
    tokens: str = ""
    context: str = ""
    cost: str = ""


class HintsRow(TwoSidedRow):
    """One row. What does not fit is dropped whole from the right; the last hint never.

    The figures have the right of way, but not over the first hints: then the least wanted of them goes.
    """

    content: reactive[HintsContent] = reactive(HintsContent)

    def __init__(self) -> None:
        super().__init__(id="hints")

    def sides(self, room: int) -> tuple[Spans, Spans]:
        """The figures, and the hints in what is left."""
        hints, figures = self.content.hints, self._figures()
        needed = width(join([*hints[:-1][: _HINTS_AT_LEAST - 1], *hints[-1:]], 2))
        while figures and needed + 3 + width(_in_a_row(figures)) > room:
            del figures[0]
        right = _in_a_row(figures)
        left_room = room - width(right) - (3 if right else 0)
        return fit_items(hints, left_room, 2, keep_last=True), right

    def _figures(self) -> list[str]:
        content = self.content
        figures = [content.cost]
        if not self.screen.has_class("-narrow"):
            figures.insert(0, content.context)
        if self.screen.has_class("-wide"):
            figures.insert(0, content.tokens)
        return [figure for figure in figures if figure]


def _in_a_row(figures: list[str]) -> list[Span]:
    return [Span(" · ".join(figures), "muted")] if figures else []


def figures(opened: OpenConversation | None) -> tuple[str, str, str]:
    """Tokens, share of the context and cost of a conversation, in words; empty where not known."""
    if opened is None:
        return "", "", ""
    tokens = counted_tokens(opened.tokens) if opened.tokens else ""
    share = share_words(opened.context_share) if opened.context_share is not None else ""
    return tokens, share, spent_words(opened.spent)


def spent_words(spent: Spent | None) -> str:
    """What a path has cost: a price nobody knows is called unknown, and what is free is not spoken of."""
    if spent is None:
        return ""
    if spent.usd is None:
        return "cost unknown"
    if spent.has_unpriced:
        return f"over {cost_words(spent.usd)}" if spent.usd else "cost unknown"
    about = "~" if spent.is_estimated else ""
    return f"{about}{cost_words(spent.usd)}" if spent.usd else ""


def share_words(share: float) -> str:
    """A share of the model's window, 0 to 1, in whole hundredths; a little is not nothing."""
    return f"{share * 100:.0f} %" if share >= 0.01 else "<1 %"


def token_words(count: int) -> str:
    """A number of tokens for people: `380`, `4.6k`, `1.2M`."""
    if count < 1000:
        return str(count)
    if count < 1_000_000:
        return f"{count / 1000:.1f}k"
    return f"{count / 1_000_000:.1f}M"


def counted_tokens(count: int) -> str:
    """A number of tokens with its noun: `1 token`, `4.6k tokens`."""
    return f"{token_words(count)} {'token' if count == 1 else 'tokens'}"


def cost_words(cost_usd: float) -> str:
    """A price in dollars: to a tenth of a cent below a dollar, to the cent above."""
    return f"${cost_usd:.3f}" if cost_usd < 1 else f"${cost_usd:.2f}"
