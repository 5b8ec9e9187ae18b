"""Roles as SGR codes: by depth, by background, and readable without either."""

import pytest

from chatty.rendering.ansi import AnsiFormatter, Background, Depth, detect_background, detect_depth
from chatty.rendering.markdown import MarkdownStream
from chatty.rendering.style import Style
from chatty.rendering.wrapping import make_line
from tests.rendering.documents import EVERYTHING
from tests.rendering.terminal_corpus import CASES
from tests.rendering.terminal_oracle import first_violation

DEPTHS: tuple[Depth, ...] = ("plain", "none", "16", "256", "truecolor")
BACKGROUNDS: tuple[Background, ...] = ("dark", "light", "unknown")

CODE = make_line([("  ", Style("code-gutter")), ("if", Style("code-keyword"))], "code")
WORDS = make_line([("a ", Style()), ("b", Style(bold=True)), ("c", Style("muted", italic=True))])


@pytest.mark.parametrize(
    ("depth", "background", "painted"),
    [
        ("plain", "dark", "a bc"),
        ("none", "dark", "a \x1b[1mb\x1b[0m\x1b[3;2mc\x1b[0m"),
        ("16", "dark", "a \x1b[1mb\x1b[0m\x1b[3;2mc\x1b[0m"),
        ("truecolor", "unknown", "a \x1b[1mb\x1b[0m\x1b[3;2mc\x1b[0m"),
        ("256", "dark", "a \x1b[1mb\x1b[0m\x1b[3;38;5;247mc\x1b[0m"),
        ("truecolor", "light", "a \x1b[1mb\x1b[0m\x1b[3;38;2;93;99;110mc\x1b[0m"),
    ],
)
def test_looks_by_depth(depth: Depth, background: Background, painted: str) -> None:
    assert AnsiFormatter(depth, background).format(WORDS, 20) == painted


@pytest.mark.parametrize(
    ("depth", "background", "painted"),
    [
        ("plain", "unknown", "  if"),
        ("none", "unknown", "\x1b[2m│ \x1b[0mif"),
        ("16", "dark", "\x1b[2m│ \x1b[0m\x1b[34mif\x1b[0m"),
        ("truecolor", "unknown", "\x1b[2m│ \x1b[0m\x1b[34mif\x1b[0m"),
        (
            "truecolor",
            "dark",
            "\x1b[48;2;28;31;38m  \x1b[0m\x1b[38;2;169;189;240;48;2;28;31;38mif\x1b[0m"
            "\x1b[38;2;217;220;227;48;2;28;31;38m  \x1b[0m",
        ),
    ],
)
def test_code_has_a_band_or_a_bar(depth: Depth, background: Background, painted: str) -> None:
    assert AnsiFormatter(depth, background).format(CODE, 6) == painted


def test_the_band_begins_after_the_indent_of_a_list() -> None:
    line = make_line([("    ", Style()), ("  ", Style("code-gutter")), ("x", Style("code-text"))], "code", 4)

    assert AnsiFormatter("truecolor", "dark").format(line, 8).startswith("    \x1b[48;2;28;31;38m  ")


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("depth", DEPTHS)
def test_every_depth_writes_the_same_text_and_nothing_but_sgr(depth: Depth, background: Background) -> None:
    stream = MarkdownStream(EVERYTHING + "\n\n".join(case.text for case in CASES[::7]))
    stream.finish()

    painted = [AnsiFormatter(depth, background).format(line, 80) for line in stream.lines(80)]

    assert first_violation("\n".join(painted)) is None
    assert ("\x1b" in "".join(painted)) == (depth != "plain")
    assert "[90m" not in "".join(painted)


@pytest.mark.parametrize(
    ("environ", "is_terminal", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, True, "truecolor"),
        ({"TERM": "xterm-256color"}, True, "256"),
        ({"TERM": "xterm"}, True, "16"),
        ({"TERM": "xterm-direct"}, True, "truecolor"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, True, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True, "256"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, True, "plain"),
        ({}, True, "plain"),
        ({"TERM": "xterm-256color"}, False, "plain"),
    ],
)
def test_depth_of_an_environment(environ: dict[str, str], is_terminal: bool, depth: Depth) -> None:
    assert detect_depth(environ, is_terminal=is_terminal) == depth


@pytest.mark.parametrize(
    ("value", "background"),
    [
        ("15;0", "dark"),
        ("0;15", "light"),
        ("0;default;7", "light"),
        ("", "unknown"),
        ("0;default", "unknown"),
    ],
)
def test_background_of_an_environment(value: str, background: Background) -> None:
    assert detect_background({"COLORFGBG": value}) == background
