"""The apps that `benchmarks.render_stream` compares the client with, as small as they can be."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Markdown

from chatty.rendering.lines import Line
from chatty.rendering.markdown import MarkdownStream
from chatty.rendering.style import Role, Style

FRAMES_PER_SECOND = 20
TOKENS_PER_PIECE = 10

COLOURS: dict[Role, str] = {
    "muted": "#98a0ae",
    "code-keyword": "#a9bdf0",
    "code-string": "#a3c9a0",
    "code-number": "#deb887",
    "code-name": "#8fc7d9",
    "code-comment": "#8a93a2",
}


def run_app(name: str, tokens: Sequence[str], rate: float, result: Path) -> None:
    """Run the app of that name to its end; its figures go to the file as JSON."""
    app = LinesApp(tokens, rate, result) if name == "lines" else MarkdownApp(tokens, rate, result)
    app.run()


class _MeasuredApp(App[None]):
    """Streams a text into itself, writes down what that cost, and leaves."""

    def __init__(self, tokens: Sequence[str], rate: float, result: Path) -> None:
        super().__init__()
        self._tokens, self._rate, self._result = tokens, rate, result

    def on_ready(self) -> None:
        self.run_worker(self._measure())

    async def stream(self) -> None:
        raise NotImplementedError

    async def feed(self, take: Callable[[str], Awaitable[None]]) -> None:
        """Hand over the pieces at the rate, late ones at once."""
        begin = time.monotonic()
        for start in range(0, len(self._tokens), TOKENS_PER_PIECE):
            due = begin + start / self._rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await take("".join(self._tokens[start : start + TOKENS_PER_PIECE]))

    async def _measure(self) -> None:
        await asyncio.sleep(0.5)  # the first frame is not part of the figure
        cpu, wall = time.process_time(), time.monotonic()
        await self.stream()
        await asyncio.sleep(3 / FRAMES_PER_SECOND)
        figures = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.monotonic() - wall}
        self._result.write_text(json.dumps(figures), encoding="utf-8")
        self.exit()


class MarkdownApp(_MeasuredApp):
    """Uses Textual's widget as its manual shows it."""

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Markdown()

    async def stream(self) -> None:
        self.query_one(VerticalScroll).anchor()
        stream = Markdown.get_stream(self.query_one(Markdown))
        await self.feed(stream.write)
        await stream.stop()


class LinesApp(_MeasuredApp):
    """Keeps our lines in one widget."""

    def compose(self) -> ComposeResult:
        yield _Lines()

    async def stream(self) -> None:
        view = self.query_one(_Lines)
        await self.feed(view.take)


class _Lines(ScrollView):
    def __init__(self) -> None:
        super().__init__()
        self._stream = MarkdownStream()
        self._looks: dict[Style, RichStyle] = {}
        self._strips: dict[Line, Strip] = {}
        self._is_dirty = False

    async def take(self, piece: str) -> None:
        self._stream.append(piece)
        self._is_dirty = True

    def on_mount(self) -> None:
        self.set_interval(1 / FRAMES_PER_SECOND, self._draw)

    def _draw(self) -> None:
        if self._is_dirty:
            self._is_dirty = False
            width = self.scrollable_content_region.width
            self.virtual_size = Size(width, self._stream.line_count(width))
            self.scroll_end(animate=False, immediate=True)
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the rows seen in one call: without a border there is nothing for the style pass to do."""
        start = self.scroll_offset.y + crop.y
        lines = self._stream.lines_between(start, start + crop.height, self.scrollable_content_region.width)
        strips = [self._strip(line, crop.width) for line in lines]
        return strips + [Strip.blank(crop.width)] * (crop.height - len(strips))

    def _strip(self, line: Line, width: int) -> Strip:
        strip = self._strips.get(line)
        if strip is None:
            segments = [Segment(text, self._look(style)) for text, style in line.segments]
            strip = self._strips[line] = Strip(segments, line.width).adjust_cell_length(width)
        return strip

    def _look(self, style: Style) -> RichStyle:
        if style not in self._looks:
            colour = COLOURS.get(style.role, "#d9dce3")
            self._looks[style] = RichStyle(
                color=colour, bold=style.bold, italic=style.italic, underline=style.underline
            )
        return self._looks[style]
