"""What comes faster than anyone types is a paste, however the terminal hands it over."""

import pytest

from chatty.tui.bursts import PASTE_END, PASTE_START, Bursts

LINES = "first\rsecond\rthird"


def fed(*pieces: str) -> str:
    bursts = Bursts()
    text = "".join(bursts.feed(piece) for piece in pieces)
    return text + (bursts.end() if bursts.is_open else "")


@pytest.mark.parametrize(
    "typed",
    ["a", "hello", "/raw\r", "\r\r\r", "x\n", "\x01old\rnew", "kkkk", "\x1b[Aa\rb", "word " * 19 + "\r"],
)
def test_what_a_hand_types_stays_as_it_is(typed: str) -> None:
    assert fed(typed) == typed


def test_lines_at_once_are_a_paste_and_send_nothing() -> None:
    assert fed(LINES + "\r") == f"{PASTE_START}{LINES}\r{PASTE_END}"


def test_what_follows_at_once_belongs_to_it_wherever_it_is_cut() -> None:
    text = f"{LINES}\r\n" * 3
    for place in range(len("first\rs"), len(text)):
        assert fed(text[:place], text[place:]) == f"{PASTE_START}{text}{PASTE_END}"


def test_enter_behind_a_single_long_line_is_one() -> None:
    line = "word " * 50
    assert fed(line + "\r") == f"{PASTE_START}{line}{PASTE_END}\r"


def test_key_ends_it() -> None:
    assert fed(LINES, "\x1b[A") == f"{PASTE_START}{LINES}{PASTE_END}\x1b[A"


def test_terminal_that_marks_its_pastes_is_believed() -> None:
    marked = f"{PASTE_START}x{PASTE_END}"
    assert fed(marked, LINES) == marked + LINES
