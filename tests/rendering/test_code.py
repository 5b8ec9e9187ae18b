"""Code blocks: colours while they grow and when they are whole."""

from pathlib import Path

import pytest

from chatty.rendering import code as code_module
from chatty.rendering.code import STRETCH, WHOLE_LIMIT, CodeBlock
from chatty.rendering.style import Role


def block(language: str, text: str, *, is_whole: bool = True) -> CodeBlock:
    code = CodeBlock(language)
    code.add_lines(text.split("\n"))
    code.set_whole(is_whole)
    return code


def roles(code: CodeBlock) -> dict[str, Role]:
    return {text: style.role for line in code.rows(0, 1_000) for text, style in line.segments if text.strip()}


def test_five_colours() -> None:
    found = roles(block("python", "def f(x):\n    return 'a' + str(1.5)  # why\nx is None"))

    assert {part: found[part] for part in ("def", "return", "is")} == dict.fromkeys(
        ("def", "return", "is"), "code-keyword"
    )
    assert found["f"] == found["str"] == "code-name"
    assert found["'a'"] == "code-string"
    assert found["1.5"] == found["None"] == "code-number"
    assert found["# why"] == "code-comment"


@pytest.mark.parametrize("language", ["", "no-such-language", "🦄", "{.python}"])
def test_unknown_languages_are_plain(language: str) -> None:
    assert roles(block(language, "def x"))["def x"] == "code-text"


def test_the_language_is_the_first_word_after_the_fence() -> None:
    assert block("python title=x.py", "").language == "python"
    assert len(block("x" * 500, "").language) == 40


def test_a_growing_block_looks_like_the_whole_one() -> None:
    source = Path(code_module.__file__).read_text(encoding="utf-8")
    growing, whole = block("python", source, is_whole=False), block("python", source)

    assert growing.rows(0, 1_000) == whole.rows(0, 1_000)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", '"""doc\nstring\n"""\nx = 1'),
        ("json", '{"a": [1, true, null]}'),
        ("javascript", "const f = async (x) => `a${x}`;\nlet y = 2;"),
        ("bash", 'for f in *.py; do\n  echo "$f"\ndone'),
        ("html", "<p class='a'>text</p>"),
        ("rust", 'fn main() {\n    println!("hi");\n}'),
        ("diff", "-old\n+new"),
    ],
)
def test_lines_keep_their_text_while_growing_and_when_whole(language: str, text: str) -> None:
    for is_whole in (False, True):
        shown = [
            line.text.removeprefix("  ") for line in block(language, text, is_whole=is_whole).rows(1, 99)
        ]

        assert shown == text.split("\n")


def test_a_string_over_lines_keeps_its_colour_while_growing() -> None:
    code = block("python", 'x = """first\nsecond', is_whole=False)
    code.set_draft("third")

    assert roles(code)["second"] == "code-string"
    assert roles(code)["third"] == "code-string"


def test_a_draft_replaces_the_draft_before() -> None:
    code = block("python", "a = 1", is_whole=False)

    code.set_draft("ret")
    code.set_draft("return")
    assert [line.text for line in code.rows(0, 9)] == ["  python", "  a = 1", "  return"]

    code.add_lines(["return 2"])
    assert code.row_count == 3


def test_long_blocks_are_coloured_by_stretches() -> None:
    lines = ["x = 'a'  # comment"] * (WHOLE_LIMIT // 10)
    code = block("python", "\n".join(lines))

    last = code.rows(len(lines) - 3, len(lines) + 1)

    assert [line.text for line in last] == ["  x = 'a'  # comment"] * 4
    assert len(lines) > STRETCH
    assert {style.role for _, style in last[0].segments} >= {"code-string", "code-comment"}


def test_very_long_lines_stay_plain() -> None:
    assert set(roles(block("python", "x = 1; " * 1_000)).values()) <= {"code-text", "muted", "code-gutter"}


def test_tabs_are_expanded_on_the_screen_and_kept_in_the_text() -> None:
    code = block("go", "a\tb")

    assert code.rows(1, 2)[0].text == "  a   b"
    assert code.text == "a\tb"
