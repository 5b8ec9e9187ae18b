"""Rows of a text under edit."""

import random

from chatty.tui.editing.wrapping import Wrapping


def rows(text: str, width: int) -> list[str]:
    wrapping = Wrapping(text, width, str)
    return [wrapping.shown(row) for row in wrapping.rows]


def test_breaks_after_white_space() -> None:
    assert rows("one two three", 8) == ["one two ", "three"]


def test_long_word_breaks_where_it_must() -> None:
    assert rows("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_empty_lines_are_rows() -> None:
    assert rows("a\n\nb\n", 10) == ["a", "", "b", ""]


def test_wide_letters_count_two_cells() -> None:
    assert rows("日本語です", 4) == ["日本", "語で", "す"]


def test_every_offset_is_on_one_row_and_comes_back_from_its_cell() -> None:
    text = "one two three\n日本語です and more\n\nend"
    wrapping = Wrapping(text, 8, str)
    for offset in range(len(text) + 1):
        row, column = wrapping.row_of(offset), wrapping.column_of(offset)
        assert wrapping.offset_at(row, column) == offset


def test_drawn_label_counts_instead_of_the_character() -> None:
    wrapping = Wrapping("a\U000f0000b", 40, lambda c: "[pasted]" if c > "\U000effff" else c)
    assert wrapping.column_of(2) == 9


def test_plain_letters_break_where_all_others_do() -> None:
    chance = random.Random(1)
    foreign = str.maketrans("abc", "\u10d0\u10d1\u10d2")
    for _ in range(300):
        text = "".join(chance.choices("abc  \n", k=chance.randrange(60)))
        width = chance.randrange(1, 12)
        assert Wrapping(text, width, str).rows == Wrapping(text.translate(foreign), width, str).rows


def test_plain_text_is_wrapped_without_a_look_at_every_letter() -> None:
    looked_at: list[str] = []

    def label(character: str) -> str:
        looked_at.append(character)
        return character

    assert len(Wrapping("word größe " * 10_000, 100, label).rows) == 1_112
    assert looked_at == []
