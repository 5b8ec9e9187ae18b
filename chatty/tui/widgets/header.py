"""The first row: where we are, which model answers, and how the link is."""

from dataclasses import dataclass, field

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.reactive import reactive

from chatty.tui.spans import Span, Spans, cut_middle, join, width
from chatty.tui.state import Link, ModelRow, OpenConversation
from chatty.tui.widgets.two_sided_row import TwoSidedRow

_TITLE_AT_LEAST = 8
"""Cells that the title has before anything else."""


@dataclass(frozen=True, slots=True)
class HeaderContent:
    """What the header shows."""

    title: str = ""
    project: str = ""
    model: str = ""
    link: Link = field(default_factory=Link)
    retry_in_seconds: int | None = None


class Header(TwoSidedRow):
    """One row without a box: project and title left, model and link right."""

    content: reactive[HeaderContent] = reactive(HeaderContent)

    @dataclass
    class ModelPressed(Message):
        """The model's name was clicked."""

    def __init__(self) -> None:
        super().__init__(id="header")

    def sides(self, room: int) -> tuple[Spans, Spans]:
        """The title is cut in its middle, so that the right side stays whole; the model gives way to it."""
        items = self._right()
        if len(items) > 1 and room - width(join(items, 3)) - 3 < _TITLE_AT_LEAST:
            del items[0]
        right = join(items, 3)
        return self._left(room - width(right) - 3), right

    def on_click(self, event: events.Click) -> None:
        """A click on the right half asks for the models."""
        if event.x > self.size.width // 2:
            self.post_message(self.ModelPressed())

    def _left(self, room: int) -> list[Span]:
        content = self.content
        project = [] if self._is_narrow or not content.project else [Span(f"{content.project} › ", "muted")]
        title = content.title or "New conversation"
        if width(project) + cell_len(title) > room and width(project) > room // 3:
            project = []  # it would leave too little of the title
        return [*project, Span(cut_middle(title, max(room - width(project), _TITLE_AT_LEAST)), bold=True)]

    def _right(self) -> list[Spans]:
        content = self.content
        items: list[Spans] = []
        if content.model:
            items.append([Span(content.model), Span(" ▾", "muted")])
        if not self._is_narrow or content.link.kind != "well":
            items.append(self._link())
        return items

    def _link(self) -> list[Span]:
        link = self.content.link
        if link.kind == "well":
            return [Span("●", "success"), Span(f" {link.server}", "muted")]
        if link.kind == "offline":
            return [Span("○ offline", "error")]
        if link.kind == "starting":
            return [Span(f"◌ {link.server}", "muted")]
        seconds = self.content.retry_in_seconds
        wait = f" {seconds} s" if seconds is not None else ""
        return [Span(f"◌ reconnecting{wait}", "warning")]

    @property
    def _is_narrow(self) -> bool:
        return self.screen.has_class("-narrow")


def header_content(
    opened: OpenConversation | None, link: Link, models: list[ModelRow], now_ms: int
) -> HeaderContent:
    """What the header shows of the state."""
    retry = None if link.retry_at_ms is None else max(0, (link.retry_at_ms - now_ms + 999) // 1000)
    if opened is None:
        return HeaderContent(link=link, retry_in_seconds=retry)
    return HeaderContent(opened.title, opened.project, model_words(opened, models), link, retry)


def model_words(opened: OpenConversation, models: list[ModelRow]) -> str:
    """The model's short name, with its provider only where two providers offer that model."""
    name = opened.model
    offering = {row.provider for row in models if row.name == name}
    if len(offering) > 1 and opened.model_provider:
        return f"{name} {opened.model_provider}"
    return name
