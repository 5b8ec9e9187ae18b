"""What Markdown looks like, and that it looks the same however it came."""

import itertools
import random
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatty.rendering.inline import Link
from chatty.rendering.lines import Line
from chatty.rendering.markdown import MarkdownStream
from chatty.rendering.sanitizer import sanitize
from chatty.rendering.style import Style
from tests.rendering.documents import EVERYTHING, markdown
from tests.rendering.terminal_corpus import CASES, ORDINARY, Case


def finished(text: str) -> MarkdownStream:
    stream = MarkdownStream(text)
    stream.finish()
    return stream


def rows(text: str, width: int = 60) -> list[str]:
    return [("▒" if line.fill == "code" else "") + line.text for line in finished(text).lines(width)]


def styles_of(text: str, part: str) -> set[Style]:
    segments = [segment for line in finished(text).lines(200) for segment in line.segments]
    return {style for shown, style in segments if part in shown}


def test_one_of_everything() -> None:
    golden = Path(__file__).with_name("everything.txt")

    assert "\n".join(rows(EVERYTHING)) + "\n" == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Title\ntext", ["Title", "", "text"]),
        ("a\nb", ["a b"]),
        ("a  \nb", ["a", "b"]),
        ("Steps:\n- a\n- b", ["Steps:", "· a", "· b"]),
        ("Steps:\n\n- a\n\n- b", ["Steps:", "", "· a", "", "· b"]),
        ("- a\n  - b\n\n    c", ["· a", "  · b", "", "    c"]),
        ("9. a\n10. b\n11. c", [" 9. a", "10. b", "11. c"]),
        ("1. a\n1. b\n1. c", [" 1. a", " 2. b", " 3. c"]),
        ("-\n- b", ["· ", "· b"]),
        ("> a\n>\n> b", ["│ a", "│", "│ b"]),
        ("```\nx\n```", ["▒  x"]),
        ("```sh\nx\n\ny\n```\nafter", ["▒  sh", "▒  x", "▒  ", "▒  y", "", "after"]),
        ("```py\n\tx", ["▒  py", "▒      x"]),
        ("| a | b |\n|--:|---|\n| 100 | x |\n| 1 | y |", ["  a  b", "100  x", "  1  y"]),
        ("| a |\n|---|\n| x<br>y |", ["a", "x", "y"]),
        ("a\n\n---\n\nb", ["a", "", "───", "", "b"]),
        ("![alt](https://pics.example/a.png)", ["image: alt (pics.example)"]),
        ("<b>raw</b>", ["<b>raw</b>"]),
        ("$\\frac{a}{b}$ stays", ["$\\frac{a}{b}$ stays"]),
        ("a &#x202e; b &#27; c", ["a ‹U+202E› b \ufffd c"]),
        ("", []),
        ("\n\n", []),
    ],
)
def test_layout(text: str, expected: list[str]) -> None:
    shown = [row.rstrip() if row.strip("▒ ") == "│" else row for row in rows(text)]

    assert shown == expected


@pytest.mark.parametrize(
    ("text", "part", "style"),
    [
        ("# Title", "Title", Style(bold=True)),
        ("a **b** c", "b", Style(bold=True)),
        ("a *b* c", "b", Style(italic=True)),
        ("a ***b*** c", "b", Style(bold=True, italic=True)),
        ("a `b` c", "b", Style("code-name")),
        ("a [b](https://e.example) c", "b", Style("link", underline=True)),
        ("a [b](https://e.example) c", "(e.example)", Style("muted")),
        ("a [b](javascript:x) c", "b", Style()),
        ("see https://e.example/x.", "https", Style("link", underline=True)),
        ("- b", "·", Style("muted")),
        ("> b", "│", Style("muted")),
        ("| b |\n|---|", "b", Style(bold=True)),
        ("```py\nb\n```", "py", Style("muted")),
        ("```py\nb\n```", "b", Style("code-text")),
    ],
)
def test_looks(text: str, part: str, style: Style) -> None:
    assert style in styles_of(text, part)


def test_prose_stops_at_92_cells_and_code_is_never_wrapped() -> None:
    stream = finished("word " * 100 + "\n\n```\n" + "x" * 300 + "\n```\n")

    lines = stream.lines(200)

    assert max(line.width for line in lines if line.fill == "none") <= 92
    assert max(line.width for line in lines if line.fill == "code") == 302


def test_wide_characters_are_measured_and_broken_between() -> None:
    lines = finished("日本語のテキストは空白なしで折り返されます。" * 4).lines(21)

    assert all(line.width <= 21 for line in lines)
    assert all(line.width >= 18 for line in lines[:-1])
    assert not any(line.text.startswith(("。", "、")) for line in lines)


def test_emoji_are_never_taken_apart() -> None:
    family = "👩🏽‍❤️‍💋‍👨"

    lines = finished(family * 30).lines(20)

    assert {line.text.replace(family, "") for line in lines} == {""}


def test_a_wide_table_wraps_its_cells() -> None:
    text = "| a | b |\n|---|---|\n| short | " + "many words " * 20 + "|\n"

    lines = finished(text).lines(60)

    assert all(line.width <= 60 for line in lines)
    assert len(lines) > 3


def test_links_and_code_blocks_are_listed_in_reading_order() -> None:
    stream = finished(EVERYTHING)

    assert stream.links() == [
        Link("a link", "https://docs.example/x"),
        Link("https://a.example/p", "https://a.example/p"),
        Link("a reference", "http://ref.example"),
        Link("l", "http://q.example"),
        Link("bad", "javascript:alert(1)"),
    ]
    assert [(code.language, code.text) for code in stream.code_blocks()] == [
        ("python", "def f(): return 1"),
        ("python", 'def f(x):\n    """doc\n    more"""\n    return None  # done'),
        ("", "indented code"),
    ]


def test_a_definition_that_comes_later_makes_its_link() -> None:
    stream = MarkdownStream("see [the docs][d]\n\nmore text\n\n")
    assert [line.text for line in stream.lines(60)] == ["see [the docs][d]", "", "more text"]

    stream.append("[d]: https://docs.example\n")

    assert [line.text for line in stream.lines(60)] == ["see the docs (docs.example)", "", "more text"]


def test_half_a_definition_in_flight_is_not_remembered() -> None:
    stream = MarkdownStream("[d]\n\n[d]: https://do")
    stream.lines(60)

    stream.append("cs.example\n")

    assert stream.links() == [Link("d", "https://docs.example")]


def test_a_half_written_heading_decides_nothing() -> None:
    stream = MarkdownStream("text\n#")
    stream.lines(60)

    stream.append("1 is a number\n")

    assert [line.text for line in stream.lines(60)] == ["text #1 is a number"]


def test_blocks_nested_too_deep_for_the_parser_are_shown_as_written() -> None:
    text = "> " * 60 + "deep"

    assert "deep" in "".join(rows(text))


def test_replace_starts_over() -> None:
    stream = MarkdownStream("```\nopen")
    stream.lines(60)

    stream.replace("new")

    assert [line.text for line in stream.lines(60)] == ["new"]


def test_text_after_the_end_begins_on_a_new_line() -> None:
    stream = finished("```\na")
    stream.lines(60)

    stream.append("b\n```\n")
    stream.finish()

    assert [code.text for code in stream.code_blocks()] == ["a\nb"]


@given(markdown, st.integers(0, 100))
def test_a_row_is_found_again_at_its_own_width(text: str, row: int) -> None:
    stream = MarkdownStream(text)
    lines = stream.lines(40)

    found = stream.row_of(stream.place_of(row, 40), 40)

    assert found <= row
    assert [line.text for line in lines[found:row] if line.text.strip(" │")] == []


def test_a_place_is_found_again_at_another_width() -> None:
    stream = finished(EVERYTHING)
    quote = next(row for row, line in enumerate(stream.lines(80)) if "quote" in line.text)

    place = stream.place_of(quote, 80)

    found = stream.row_of(place, 30)
    assert "quote" in "".join(line.text for line in stream.lines_between(found, found + 2, 30))
    assert stream.row_of(stream.place_of(10_000, 80), 30) == stream.line_count(30)


@pytest.mark.parametrize("width", [1, 10, 40, 200])
def test_windows_are_parts_of_the_whole(width: int) -> None:
    stream = MarkdownStream(EVERYTHING)
    whole = stream.lines(width)

    assert stream.line_count(width) == len(whole)
    for start in range(0, len(whole), 3):
        assert stream.lines_between(start, start + 7, width) == whole[start : start + 7]


def streamed(pieces: Sequence[str], looks: Sequence[bool], width: int = 40) -> MarkdownStream:
    """Append the pieces, looking at the lines after some of them."""
    stream = MarkdownStream()
    for piece, is_looked_at in zip(pieces, looks, strict=True):
        stream.append(piece)
        if is_looked_at:
            stream.lines(width)
    stream.finish()
    return stream


def cut(text: str, at: Sequence[int]) -> list[str]:
    bounds = [0, *sorted(position % (len(text) + 1) for position in at), len(text)]
    return [text[start:stop] for start, stop in itertools.pairwise(bounds)]


@settings(max_examples=300)
@given(markdown, st.lists(st.integers(0, 10_000), max_size=12), st.randoms(use_true_random=False))
def test_streaming_equals_the_whole(text: str, at: list[int], chance: random.Random) -> None:
    pieces = cut(text, at)
    stream = streamed(pieces, [chance.random() < 0.7 for _ in pieces])

    assert stream.lines(40) == finished(text).lines(40)


def test_streaming_equals_the_whole_character_by_character() -> None:
    stream = streamed(list(EVERYTHING), [True] * len(EVERYTHING), 60)

    assert stream.lines(60) == finished(EVERYTHING).lines(60)


@pytest.mark.parametrize(
    "text",
    [
        "word " * 12_000,
        "x" * 40_000,
        "- item\n" * 4_000,
        "- a\n  - b\n" * 2_000,
        "- item\n  more of it\n" + "  and more\n" * 3_000,
        "| a | b |\n|---|---|\n" + "| x | y |\n" * 3_000,
        "| a |\n|---|\n| " + "x" * 40_000 + " |\n",
        "> quoted\n" * 4_000,
        "```python\n" + "x = 1  # one\n" * 4_000,
        "```\n" + "x" * 40_000 + "\n```\n",
        "\n" * 40_000 + "end",
        "[r]: https://e.example\n" * 2_000 + "[r]",
    ],
    ids=lambda text: repr(text[:14]),
)
def test_what_is_cut_for_its_length_is_cut_alike(text: str) -> None:
    pieces = [text[start : start + 997] for start in range(0, len(text), 997)]

    assert streamed(pieces, [True] * len(pieces)).lines(40) == finished(text).lines(40)


def is_clean(line: Line) -> bool:
    return all(sanitize(text, multiline=False) == text for text, _ in line.segments)


@pytest.mark.parametrize("case", [*CASES, *ORDINARY], ids=lambda case: case.name)
def test_only_clean_text_leaves_the_renderer(case: Case) -> None:
    pieces = [*case.text[:200], case.text[200:]]
    stream = streamed(pieces, [False] * len(pieces))
    lines = stream.lines(60)

    assert all(map(is_clean, lines))
    assert all(sanitize(line.text, multiline=False) == line.text for line in lines)
    assert all(sanitize(code.language) == code.language for code in stream.code_blocks())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_text_draws_as_its_sanitised_form(case: Case) -> None:
    assert finished(case.text).lines(60) == finished(sanitize(case.text)).lines(60)


def test_rendering_touches_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("rendering opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for case in CASES:
        finished(case.text + "\n\n" + EVERYTHING).lines(60)


def test_a_paragraph_of_brackets_is_shown_as_plain_text() -> None:
    text = "[" * 500 + "**x**"

    assert "".join(rows(text, 80)) == text


def test_a_definition_among_many_is_found() -> None:
    stream = finished(
        "".join(f"[r{number}]: https://e.example/{number}\n\n" for number in range(500)) + "[r499]"
    )

    assert stream.links() == [Link("r499", "https://e.example/499")]
