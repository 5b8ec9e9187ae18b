"""The frame of the overlays, and the hints of the lists in it."""

import pytest
from textual.content import Content

from chatty.tui.overlays.entry import Entry
from chatty.tui.overlays.lists import find_picker, project_picker
from chatty.tui.overlays.picker import Choice, Column, ListHints, Picked, Picker, PickerList
from chatty.tui.spans import Span
from chatty.tui.state import Message, Part
from tests.tui.scripted_app import scripted


@pytest.mark.parametrize("name", ["[/x]", "[bold]loud", "[@click=app.quit]x[/]"])
async def test_a_name_is_never_read_as_markup(name: str) -> None:
    app, _ = scripted("idle")
    async with app.run_test(size=(80, 24)):
        entry = Entry(name)
        await app.push_screen(entry)
        assert entry.query_one("#frame")._border_title == Content(name)


def hints(picker: Picker) -> str:
    """The row of hints as it stands on the screen."""
    return picker.query_one(ListHints).render_line(0).text.strip()


async def test_what_chooses_a_line_is_offered_while_there_is_one() -> None:
    app, _ = scripted("idle")
    async with app.run_test(size=(60, 20)) as pilot:
        picker = find_picker([Message("m", None, "user", parts=[Part("text", ["one"], 3)])])
        picked: list[Picked | None] = []
        await app.push_screen(picker, picked.append)
        await pilot.pause()
        assert hints(picker) == "enter go there  ^f everywhere  esc back"
        await pilot.press(*"qqq")
        await pilot.pause()
        assert hints(picker) == "^f everywhere  esc back"
        await pilot.press("enter", "ctrl+f")
        await pilot.pause()
        assert picked == [Picked("", "ctrl+f", "qqq")]


async def test_a_name_that_is_not_there_yet_can_be_chosen() -> None:
    app, _ = scripted("idle")
    async with app.run_test(size=(60, 20)) as pilot:
        picker = project_picker(["one"])
        await app.push_screen(picker)
        await pilot.press(*"qqq")
        await pilot.pause()
        assert hints(picker) == "enter choose  esc back"


async def test_a_long_name_of_a_group_ends_in_an_ellipsis() -> None:
    app, _ = scripted("idle")
    async with app.run_test(size=(40, 10)) as pilot:
        picker = Picker("Any", (Column(""),), [Choice("v", ((Span("one"),),), "one", "A long name " * 6)])
        await app.push_screen(picker)
        await pilot.pause()
        shown = picker.query_one(PickerList).render_line(0).text
        assert shown.rstrip().endswith("…")
        assert shown == f"{shown.rstrip()}  "


async def test_on_a_small_screen_everything_starts_in_the_column_of_all_text() -> None:
    app, _ = scripted("idle")
    async with app.run_test(size=(60, 20)) as pilot:
        picker = project_picker(["one"])
        await app.push_screen(picker)
        await pilot.pause()
        lines = [widget.content_region.x for widget in picker.query("#overlay-name, #filter, #overlay-hints")]
        assert lines == [3, 3, 3]
        assert picker.query_one(PickerList).region.x == 1  # its lines begin with two empty cells
