"""The composer: where the cursor stands, and what a long text costs."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from chatty.tui.editing.chips import EDITABLE_CHARACTERS
from chatty.tui.screens.chat import ChatScreen
from chatty.tui.widgets.composer import Composer
from tests.tui.scripted_app import scripted


@asynccontextmanager
async def composer() -> AsyncIterator[Composer]:
    app, _ = scripted("idle")
    async with app.run_test(size=(60, 30)):
        assert isinstance(app.screen, ChatScreen)
        yield app.screen.composer


def carets(field: Composer) -> int:
    """Cells that show the cursor."""
    caret = field.palette.style("text", "caret")
    rows = [field.render_line(y) for y in range(field.visible_rows())]
    return sum(segment.cell_length for row in rows for segment in row if segment.style == caret)


@pytest.mark.parametrize("beyond", [-2, -1, 0, 1])
async def test_cursor_is_drawn_behind_a_row_of_any_length(beyond: int) -> None:
    async with composer() as field:
        letters = field.content_size.width + beyond
        field.buffer.reset("x" * letters)
        field.edited()
        assert carets(field) == 1


@pytest.mark.parametrize("letter", ["\u3000", "\xa0", "\u202f", "\u200c", "\u200d", "é", "漢"])
async def test_every_letter_of_a_keyboard_types_itself(letter: str) -> None:
    async with composer() as field:
        for event in XTermParser().feed(letter):
            assert isinstance(event, Key)
            field.typed(event)
        assert field.text == letter


@pytest.mark.parametrize("data", ["\x1b", "\x85", "\x00", "\x1c"])
async def test_what_is_no_letter_types_nothing(data: str) -> None:
    async with composer() as field:
        for event in XTermParser().feed(data):
            assert isinstance(event, Key)
            field.typed(event)
        assert field.is_empty


async def test_draft_of_a_long_text_takes_no_time() -> None:
    async with composer() as field:
        field.buffer.reset("word " * 80_000)
        took: list[float] = []
        for _ in range(3):
            began = time.thread_time()
            draft = field.draft
            took.append(time.thread_time() - began)
        assert draft.pieces == ("word " * 80_000,)
        assert min(took) < 0.05


async def test_long_text_that_comes_back_is_one_unit_and_whole() -> None:
    long = "word " * EDITABLE_CHARACTERS
    async with composer() as field:
        field.set_text(long)
        assert len(field.buffer.text) == 1
        assert field.text == long
        field.submit()
        field._recall(-1)
        assert len(field.buffer.text) == 1
        assert field.text == long
        field._recall(1)
        assert field.is_empty


async def test_text_that_can_be_edited_comes_back_as_letters() -> None:
    text = "x" * EDITABLE_CHARACTERS
    async with composer() as field:
        field.set_text(text, 5)
        assert (field.buffer.text, field.buffer.cursor) == (text, 5)
