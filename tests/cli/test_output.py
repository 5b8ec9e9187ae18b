"""Tables, times, JSON and notes, as values."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.cli.output import times
from chatty.cli.output.json import to_line
from chatty.cli.output.tables import cell_width, format_table


def test_columns_are_aligned_by_cells_not_by_characters() -> None:
    text = format_table(("A", "B"), [("漢字", "x"), ("é", "y"), ("plain", "z")], None)
    assert text == "A      B\n漢字   x\né      y\nplain  z\n"


def test_last_column_ends_at_the_width() -> None:
    text = format_table(("ID", "TITLE"), [("1", "漢字漢字漢字漢字")], 16)
    assert text == "ID  TITLE\n1   漢字漢字漢…\n"


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5), st.integers(20, 100))
def test_every_row_is_one_line_without_controls(rows: list[tuple[str, str]], width: int) -> None:
    text = format_table(("A", "B"), rows, width)
    assert text.count("\n") == len(rows) + 1
    assert not any(ord(character) < 0x20 and character != "\n" for character in text)


def test_marks_take_no_cell_and_wide_characters_two() -> None:
    assert [cell_width(text) for text in ("abc", "e\u0301", "漢", "")] == [3, 1, 2, 0]


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text()))))
def test_json_is_one_line_of_harmless_characters_and_reads_back_the_same(value: dict[str, object]) -> None:
    line = to_line(value)
    assert json.loads(line) == value
    assert line.endswith("\n")
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in line[:-1])
    line.encode("utf-8")


@pytest.mark.parametrize(
    ("wire", "shown"),
    [
        (None, "-"),
        ("2026-11-20T11:59:30.000Z", "now"),
        ("2026-11-20T11:55:00.000Z", "5 min"),
        ("2026-11-20T09:00:00.000Z", "3 h"),
        ("2026-11-18T12:00:00.000Z", "2 d"),
    ],
)
def test_ago(wire: str | None, shown: str) -> None:
    assert times.ago(wire, datetime(2026, 11, 20, 12, tzinfo=UTC)) == shown


def test_long_ago_is_a_date() -> None:
    assert times.ago("2024-06-01T10:00:00.000Z") == times.day("2024-06-01T10:00:00.000Z")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(12, "12 s"), (330, "5 min"), (12000, "3 h 20 min"), (187200, "2 d 4 h")]
)
def test_duration(seconds: float, shown: str) -> None:
    assert times.duration(seconds) == shown
