import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.store.search_query import parse
from chatty.store.snippets import CUT, MARK_BEGIN, MARK_END, Snippets


@pytest.mark.parametrize(
    ("query", "text", "snippet"),
    [
        ("fox", "A Fox.", "A <Fox>."),
        ("fox", "foxes fox_fox", "foxes <fox>_<fox>"),
        ("fox*", "foxes", "<foxes>"),
        ('"a b"', "b a B", "b <a B>"),
        ("cafe", "im CAFÉ", "im <CAFÉ>"),
        ("x -fox", "x fox", "<x> fox"),
        ("fox", "no match", "no match"),
        ("fox", "tabs\tand\nlines\x02\x03\x1b[31m fox", "tabs and lines   [31m <fox>"),
    ],
)
def test_matches_are_marked(query: str, text: str, snippet: str) -> None:
    assert Snippets(parse(query)).of(text) == snippet.replace("<", MARK_BEGIN).replace(">", MARK_END)


def test_long_text_is_cut_around_the_first_match() -> None:
    snippet = Snippets(parse("walrus")).of("word " * 100 + "walrus " + "word " * 100)
    assert snippet.startswith(f"{CUT}word ")
    assert snippet.endswith(f" word{CUT}")
    assert f"{MARK_BEGIN}walrus{MARK_END}" in snippet
    assert len(snippet) < 240


def test_text_without_blanks_is_cut_too() -> None:
    assert len(Snippets(parse("walrus")).of("x" * 10_000)) < 240


@given(st.text(max_size=400), st.text(max_size=20))
def test_marks_come_in_pairs_and_are_the_only_control_characters(text: str, query: str) -> None:
    snippet = Snippets(parse(query)).of(text)
    marks = [character for character in snippet if character in (MARK_BEGIN, MARK_END)]
    assert marks == [MARK_BEGIN, MARK_END] * (len(marks) // 2)
    assert not any(
        ord(character) < 32 or ord(character) == 127 for character in snippet if character not in marks
    )
