"""What a growing text costs, counted in characters handed to the parser and lines handed to the lexer."""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

import pytest

from chatty.rendering import splitting
from chatty.rendering._lexing import LineLexer
from chatty.rendering._parsing import parse_blocks
from chatty.rendering.code import STRETCH, CodeBlock
from chatty.rendering.inline import InlineParser
from chatty.rendering.lines import Segment
from chatty.rendering.markdown import MarkdownStream
from chatty.rendering.splitting import WINDOW
from tests.rendering.documents import EVERYTHING

MEGABYTE = 1_000_000
PIECE = 2_000


@dataclass
class Work:
    """What was done so far."""

    parsed: int = 0
    most_parsed_at_once: int = 0
    inline: int = 0
    coloured_lines: int = 0


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    parse_inline, feed = InlineParser.parse, LineLexer.feed

    def counted_blocks(parser: object, text: str, references: MutableMapping[str, object]) -> object:
        work.parsed += len(text)
        work.most_parsed_at_once = max(work.most_parsed_at_once, len(text))
        return parse_blocks(parser, text, references)  # type: ignore[arg-type]  # handed through

    def counted_inline(self: InlineParser, text: str, *rest: object) -> object:
        work.inline += len(text)
        return parse_inline(self, text, *rest)  # type: ignore[arg-type]  # handed through

    def counted_feed(self: LineLexer, line: str) -> list[Segment]:
        work.coloured_lines += 1
        return list(feed(self, line))

    monkeypatch.setattr(splitting, "parse_blocks", counted_blocks)
    monkeypatch.setattr(InlineParser, "parse", counted_inline)
    monkeypatch.setattr(LineLexer, "feed", counted_feed)
    return work


def stream_in_frames(text: str) -> MarkdownStream:
    """Append the text in pieces and look at the last screen after each, as a view does."""
    stream = MarkdownStream()
    for start in range(0, len(text), PIECE):
        stream.append(text[start : start + PIECE])
        count = stream.line_count(100)
        stream.lines_between(count - 40, count, 100)
    return stream


def test_a_reply_of_a_megabyte_is_parsed_little_more_than_once(work: Work) -> None:
    text = (EVERYTHING + "\n") * (MEGABYTE // len(EVERYTHING))

    stream_in_frames(text)

    assert work.parsed < 3 * len(text)
    assert work.inline < 3 * len(text)


def test_finished_blocks_are_not_made_again(work: Work) -> None:
    stream = stream_in_frames(EVERYTHING * 50)
    before = (work.parsed, work.inline)

    stream.append("one more word")
    stream.lines_between(0, 10_000, 100)

    assert work.parsed - before[0] < 2 * len(EVERYTHING)
    assert work.inline - before[1] < 2 * len(EVERYTHING)


def test_an_open_fence_colours_each_line_once_and_is_not_parsed_again(work: Work) -> None:
    code = "value = compute(1, 'a')  # comment\n" * 8_000

    stream_in_frames("```python\n" + code)

    assert work.coloured_lines == 8_000
    assert work.parsed < 4 * WINDOW


def test_a_long_list_is_parsed_little_more_than_once(work: Work) -> None:
    text = "- an item with **words**\n" * 10_000

    stream_in_frames(text)

    assert work.parsed < 3 * len(text)
    assert work.inline < 3 * len(text)


def test_a_long_table_is_parsed_little_more_than_once(work: Work) -> None:
    text = "| a | b |\n|---|---|\n" + "| **x** | y |\n" * 10_000

    stream_in_frames(text)

    assert work.parsed < 3 * len(text)
    assert work.inline < 3 * len(text)


@pytest.mark.parametrize("unit", ["word ", "word\n", "> quoted\n", "- a\n  more\n\n  ", "*a **b `c "])
def test_one_endless_block_is_never_parsed_beyond_the_window(work: Work, unit: str) -> None:
    stream_in_frames(unit * (50_000 // len(unit)))

    assert work.most_parsed_at_once <= WINDOW


def test_opening_a_long_reply_at_its_end_colours_only_what_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = MarkdownStream("```python\n" + "x = 1\n" * 50_000 + "```\n")
    lexed: list[int] = []
    lex = CodeBlock._lex

    def counted_lex(self: CodeBlock, lines: Sequence[str]) -> list[Sequence[Segment]]:
        lexed.append(len(lines))
        return lex(self, lines)

    monkeypatch.setattr(CodeBlock, "_lex", counted_lex)
    count = stream.line_count(100)
    stream.lines_between(count - 40, count, 100)

    assert sum(lexed) <= 2 * STRETCH
