"""The rows of one message: what takes the whole column, and what scrolls in it."""

import pytest

from chatty.rendering.lines import PROSE_WIDTH
from chatty.tui.overlays.lists import find_picker
from chatty.tui.palette import Palette
from chatty.tui.state import Message, Part
from chatty.tui.themes.colours import CHATTY_DARK
from chatty.tui.widgets.drawn_message import DrawnMessage, Look

PALETTE = Palette(CHATTY_DARK.to_color_system().generate(), terminal_colours=False)


def answer(text: str, role: str = "assistant") -> DrawnMessage:
    message = Message("m", None, role, status="completed")
    message.parts = [Part("text", [text], len(text))]
    view = DrawnMessage(message)
    view.sync(message)
    return view


def drawn(view: DrawnMessage, look: Look) -> list[str]:
    """The rows below the name row as they stand on the screen, without the bar's column."""
    return [view.draw(row, look, PALETTE).text[3:].rstrip() for row in range(1, view.height(look))]


def table(columns: int, letters: int) -> str:
    rows = [[f"{number}".ljust(letters, name) for number in range(columns)] for name in "hab"]
    rows.insert(1, ["---"] * columns)
    return "\n".join(f"|{'|'.join(row)}|" for row in rows)


def test_table_takes_the_width_that_prose_leaves() -> None:
    view = answer("word " * 60 + "\n\n" + table(4, 40))
    rows = drawn(view, Look(200))
    assert max(len(row) for row in rows if "word" in row) <= PROSE_WIDTH
    assert [len(row) for row in rows if "word" not in row and row] == [166, 166, 166]


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_prose_ends_where_it_is_read_with_ease(role: str) -> None:
    rows = drawn(answer("word " * 60, role), Look(200))
    assert max(map(len, rows)) <= PROSE_WIDTH


def test_table_wider_than_the_column_scrolls_as_a_whole() -> None:
    view = answer("before\n\n" + table(9, 8).replace("8hhhhhhh", "8") + "\n\nafter")
    still = drawn(view, Look(44))
    moved = drawn(view, Look(44, code_offset=10_000))
    assert [row for row in still if row.startswith("0")] == [row for row in still if row[:1].isdigit()]
    assert not any("8" in row for row in still)
    at_end = [row for row in moved if "8" in row]
    assert len({row.index("8") for row in at_end}) == 1
    assert [row for row in moved if row in ("before", "after")] == ["before", "after"]
    assert view.overflow(3, Look(44)) == 9 * 8 + 8 * 2 - 40


def test_what_fits_does_not_move() -> None:
    view = answer(table(2, 8) + "\n\n```\ncode\n```\n")
    assert drawn(view, Look(80, code_offset=8)) == drawn(view, Look(80))


def test_message_that_grew_unpainted_is_laid_out_at_another_width() -> None:
    message = Message("m", None, "assistant", parts=[Part("text", ["one"], 3)])
    view = DrawnMessage(message)
    view.sync(message)
    assert view.height(Look(80)) == 2
    message.parts.append(Part("text", ["two"], 3))
    message.parts.append(Part("reasoning", ["hm"], 2))
    assert view.height(Look(60)) == 6


def test_find_calls_own_messages_yours() -> None:
    own = Message("m", None, "user", author_name="owner", parts=[Part("text", ["one"], 3)])
    (choice,) = find_picker([own])._choices
    assert choice.cells[0][0].text == "you"


def test_struck_out_words_are_struck_out() -> None:
    strip = answer("do ~~not~~ this").draw(1, Look(80), PALETTE)
    assert [segment.text for segment in strip if segment.style and segment.style.strike] == ["not"]


def test_code_that_goes_on_beyond_the_column_says_so() -> None:
    view = answer("```\n" + "0123456789" * 5 + "\nshort\n```\n")
    assert [row[-1:] for row in drawn(view, Look(44))] == ["›", "t"]
    assert drawn(view, Look(44))[0] == "  01234567890123456789012345678901234567890›"[:39] + "›"
    assert [row[-1:] for row in drawn(view, Look(44, code_offset=10_000))] == ["9", "t"]
    assert "›" not in view.plain(1, Look(44))
