"""The fixed rows of a message: its name, what is folded, its files and how it ended.

Pure functions from state to rows of spans; `drawn_message.py` puts them above and below the text.
"""

import textwrap
import time
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from chatty.tui.spans import Span, fit_items
from chatty.tui.state import Message, Part
from chatty.tui.widgets.hints_row import cost_words, counted_tokens
from chatty.tui.widgets.status_row import estimated_tokens

Ground = Literal["page", "surface", "code", "cursor", "menu", "selection", "caret"]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who a message is from, for its bar and its name."""

    name: str
    name_role: str
    bar_role: str
    """Role of the bar; empty for an answer, which has none."""
    ground: Ground


def speaker(message: Message) -> Speaker:
    """You, another person, or the model."""
    if message.role == "assistant":
        return Speaker(message.model or "answer", "text", "", "page")
    if message.role != "user":
        return Speaker(message.role, "muted", "", "page")
    if message.is_own:
        return Speaker("you", "accent", "accent", "surface")
    return Speaker(message.author_name or "someone", "text", "secondary", "surface")


def name_row_right(
    message: Message, place: tuple[int, int], *, selected: bool, queued: bool = False
) -> list[list[Span]]:
    """The items right of the name, from the first to be dropped to the last: the time stays longest."""
    items: list[list[Span]] = []
    if selected:
        items.extend([Span(words, "muted")] for words in _figures(message))
    number, count = place
    if count > 1:
        items.append([Span("‹ ", "muted"), Span(f"{number}/{count}"), Span(" ›", "muted")])
    items.append([Span("queued" if queued else _time_words(message), "muted")])
    return items


def _figures(message: Message) -> list[str]:
    """What the name row of a selected answer grows by, the least wanted first."""
    words: list[str] = []
    thinking = [part.seconds for part in message.parts if part.type == "reasoning" and part.seconds]
    if thinking:
        words.append(f"thought {sum(thinking):.0f} s")
    spent = []
    if message.output_tokens:
        spent.append(counted_tokens(message.output_tokens))
    if message.cost_usd is not None:
        spent.append(cost_words(message.cost_usd))
    if spent:
        words.append(" · ".join(spent))
    return words


def _time_words(message: Message) -> str:
    if message.status == "pending" and message.role == "user":
        return "sending"
    if not message.created_at_ms:
        return ""
    return time.strftime("%H:%M", time.localtime(message.created_at_ms / 1000))


def folded_row(part: Part, *, unfolded: bool, running_seconds: int | None) -> list[Span]:
    """The one row of thinking, or of a part of a type not known here: `▸ thought for 6 s`."""
    mark = "▾ " if unfolded else "▸ "
    if part.type == "reasoning":
        return [Span(mark + _thinking_words(part, running_seconds), "muted")]
    return [Span(f"{mark}{part.type}", "muted")]


def _thinking_words(part: Part, running_seconds: int | None) -> str:
    if running_seconds is not None:
        return f"thinking {running_seconds} s"
    return "thought" if part.seconds is None else f"thought for {part.seconds:.0f} s"


def file_row(parts: list[Part]) -> list[Span]:
    """The attached files in one row: `conftest.py 2.1 KB · retry.py 3.4 KB`."""
    words = [f"{part.name or 'file'} {part.detail}".strip() for part in parts]
    return [Span(" · ".join(words), "muted")]


def ending_rows(message: Message, room: int, *, selected: bool) -> list[list[Span]]:
    """How an answer ended if it is not complete, and what can be done about it; empty for a complete one."""
    if message.status == "failed":
        return [*_failure(message, room), _ways_on(message, room, selected=selected)]
    if message.status == "cancelled":
        return [[Span("stopped by you", "muted")], _ways_on(message, room, selected=selected)]
    if message.status == "interrupted":
        return [*_interruption(message, room), _ways_on(message, room, selected=selected)]
    if message.finish_reason == "length":
        return [[Span("cut at the model's limit", "warning"), Span(" · ask for the rest", "muted")]]
    if message.finish_reason == "content_filter":
        return [[Span("ended by the provider's content filter", "warning")]]
    if message.role == "assistant" and message.finish_reason and not message.has_begun:
        return [[Span("the model answered with nothing", "muted")]]
    return []


def _failure(message: Message, room: int) -> list[list[Span]]:
    """The reason, whole as far as five rows hold it: its end says what to do."""
    return _reason(Span("failed", "error", bold=True), message.error, estimated_words(message), room)


def _interruption(message: Message, room: int) -> list[list[Span]]:
    """What happened to an answer that nobody stopped: whoever wrote it is gone."""
    if message.run_id is None:
        return [[Span("interrupted", "warning")]]  # imported: nobody knows why
    happened = "the server ended while it was answering"
    return _reason(Span("interrupted", "warning", bold=True), happened, estimated_words(message), room)


def _reason(word: Span, reason: str, kept: str, room: int) -> list[list[Span]]:
    """The reason and what is kept, which stands whole: behind the reason, or in a row of its own."""
    indent = len(word.text) + 2
    cells = max(room - indent, 20)
    first, *others = textwrap.wrap(reason, cells, max_lines=5, placeholder=" …") or [""]
    rows = [[word, Span(f"  {first}")], *([Span(" " * indent), Span(words)] for words in others)]
    if kept and cell_len(others[-1] if others else first) + len(f" · {kept}") <= cells:
        rows[-1].append(Span(f" · {kept}", "muted"))
    elif kept:
        rows.append([Span(" " * indent), Span(kept, "muted")])
    return rows


def estimated_words(message: Message) -> str:
    """How much of a broken answer is kept, such as `380 tokens kept`; empty when nothing is."""
    tokens = message.output_tokens or estimated_tokens(message.text_length())
    return f"{counted_tokens(tokens)} kept" if tokens else ""


def _ways_on(message: Message, room: int, *, selected: bool) -> list[Span]:
    first = [] if selected else [Span("tab", "text"), Span(" then ", "muted")]
    ways = [
        [*first, Span("r"), Span(" retry", "muted")],
        *([[Span("c"), Span(" continue", "muted")]] if message.has_begun else []),
        [Span("R"), Span(" another model", "muted")],
    ]
    return fit_items(ways, room, 2)
