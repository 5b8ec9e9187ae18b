"""The printer in an emulated terminal: what is on the screen and above it, at the end and on the way."""

import re

import pyte
import pytest

from chatty.rendering.ansi import AnsiFormatter, Depth
from chatty.rendering.guard import OutputGuard
from chatty.rendering.markdown import MarkdownStream
from chatty.rendering.printer import TerminalPrinter
from tests.rendering.documents import EVERYTHING
from tests.rendering.terminal_corpus import CASES


class FakeTerminal:
    """A terminal with everything that scrolled out of it, and a printer that writes to it."""

    def __init__(self, columns: int, rows: int, depth: Depth = "none") -> None:
        self.size = (columns, rows)
        self.frames: list[str] = []
        self._screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=0.5)
        self._screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self._screen)
        self.printer = TerminalPrinter(self.write, lambda: self.size, AnsiFormatter(depth))

    def write(self, frame: str) -> None:
        self.frames.append(frame)
        self._stream.feed(frame)

    def resize(self, columns: int, rows: int) -> None:
        self.size = (columns, rows)
        self._screen.resize(rows, columns)

    def print(self, text: str, step: int = 7) -> None:
        for start in range(0, len(text), step):
            self.printer.append(text[start : start + step])
            self.printer.refresh()

    def screen(self) -> list[str]:
        return [row.rstrip() for row in self._screen.display]

    def everything(self) -> list[str]:
        """All rows ever shown, top to bottom, without the empty ones at the end."""
        above = ["".join(row[column].data for column in sorted(row)) for row in self._screen.history.top]
        rows = [row.rstrip() for row in above] + self.screen()
        while rows and not rows[-1]:
            rows.pop()
        return rows


def expected(text: str, columns: int) -> list[str]:
    """The rows of the text when it is whole; pyte keeps an empty cell after a wide character."""
    stream = MarkdownStream(text)
    stream.finish()
    lines = [AnsiFormatter("none").format(line, columns) for line in stream.lines(columns)]
    screen = pyte.Screen(columns, 400)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed("\n".join(lines))
    rows = [row.rstrip() for row in screen.display]
    while rows and not rows[-1]:
        rows.pop()
    return rows


DOCUMENT = EVERYTHING.replace("[a reference][r]", "a reference").replace("日本語のテキストです。", "")


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 10), (40, 4), (120, 60), (20, 24)])
@pytest.mark.parametrize("step", [1, 7, 400])
def test_a_streamed_reply_ends_as_the_whole_one(columns: int, rows: int, step: int) -> None:
    text = "\n\n".join(part for part in DOCUMENT.split("\n\n") if "|" not in part)
    terminal = FakeTerminal(columns, rows)

    terminal.print(text, step)
    terminal.printer.finish()

    assert terminal.everything() == expected(text, columns)


def test_the_first_piece_shows_at_once() -> None:
    terminal = FakeTerminal(80, 24)

    terminal.printer.append("The answer\x1b[31m is")

    assert terminal.screen()[0] == "The answer is"
    terminal.printer.refresh()
    assert terminal.everything() == ["The answer is"]


def test_unchanged_rows_are_not_painted_again() -> None:
    terminal = FakeTerminal(40, 24)
    terminal.print("one two three four five six seven eight nine ten eleven twelve thirteen")
    terminal.frames.clear()

    terminal.printer.refresh()
    terminal.print(" fourteen", 9)

    assert len(terminal.frames) == 1
    assert "one" not in terminal.frames[0]


def test_each_frame_is_one_write_in_a_synchronised_update() -> None:
    terminal = FakeTerminal(40, 10, "truecolor")

    terminal.print(DOCUMENT)

    assert all(frame.startswith("\x1b[?2026h") and frame.endswith("\x1b[?2026l") for frame in terminal.frames)


def test_settled_rows_are_never_reached_again() -> None:
    terminal = FakeTerminal(40, 10)
    terminal.print("# Title\n\n" + "word " * 300, 20)

    moves = [int(rows) for rows in re.findall(r"\x1b\[(\d+)A", "".join(terminal.frames))]

    assert moves
    assert max(moves) <= 9


@pytest.mark.parametrize(("before", "after", "cut_by_the_emulator"), [(40, 80, 0), (80, 40, 76)])
def test_a_resize_loses_nothing(before: int, after: int, cut_by_the_emulator: int) -> None:
    """The emulator does not wrap its rows again but cuts them when it gets narrower."""
    words = [f"word{number}" for number in range(150)]
    terminal = FakeTerminal(before, 8)
    terminal.print(" ".join(words[:75]))

    terminal.resize(after, 8)
    terminal.print(" " + " ".join(words[75:]))
    terminal.printer.finish()

    shown = " ".join(terminal.everything()).split()
    assert [word for word in words[cut_by_the_emulator:] if word not in shown] == []


def test_a_terminal_that_cannot_move_gets_each_finished_block_once() -> None:
    terminal = FakeTerminal(60, 24, "plain")

    terminal.print(EVERYTHING)
    terminal.printer.finish()

    stream = MarkdownStream(EVERYTHING)
    written = "".join(terminal.frames)
    assert "\x1b" not in written
    assert written.count("Title with code") == written.count("long cell") == 1
    assert len(written.splitlines()) == stream.line_count(60)


def test_long_code_lines_are_cut_while_open_and_whole_at_the_end() -> None:
    terminal = FakeTerminal(40, 10)
    code = "x" * 100

    terminal.print(f"```\n{code}")
    assert [row for row in terminal.screen() if row] == ["│ " + "x" * 38]

    terminal.printer.finish()
    assert "".join(terminal.everything()) == "│ " + code


def test_hostile_replies_pass_the_guard_unchanged() -> None:
    for case in CASES:
        terminal = FakeTerminal(60, 12, "256")
        terminal.print(case.text[:300] + "\n\nend", 50)
        terminal.printer.finish()
        guard = OutputGuard()

        assert [frame for frame in terminal.frames if guard.filter(frame) != frame] == []
