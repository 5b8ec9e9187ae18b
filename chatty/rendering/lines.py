"""A styled line, as every face draws it. It knows nothing of Markdown and nothing of colours."""

from dataclasses import dataclass

from chatty.rendering.style import Fill, Style

Segment = tuple[str, Style]
"""A piece of sanitised text without line breaks or tabs, and its look."""


PROSE_WIDTH = 92
"""Cells at which prose ends even where the column is wider; code and tables do not."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row. It may be wider than the screen if it is code or a table: such rows are never wrapped."""

    segments: tuple[Segment, ...] = ()
    fill: Fill = "none"
    """The background over the full width of the column, beyond the text too, from ``fill_from`` on."""
    width: int = 0
    """Cells of the text."""
    fill_from: int = 0
    """Where the background begins, in cells from the left: after a quote's bar or a list's indent."""
    reach: int = 0
    """Cells of the whole table the row is of, for a view that scrolls its rows together; else 0."""

    @property
    def text(self) -> str:
        """The line without its looks."""
        return "".join(text for text, _ in self.segments)


EMPTY = Line()
