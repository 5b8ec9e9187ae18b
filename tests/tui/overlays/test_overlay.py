"""The frame of the overlays."""

import pytest
from textual.content import Content

from chatty.tui.overlays.entry import Entry
from tests.tui.scripted_app import scripted


@pytest.mark.parametrize("name", ["[/x]", "[bold]loud", "[@click=app.quit]x[/]"])
async def test_a_name_is_never_read_as_markup(name: str) -> None:
    app, _ = scripted("idle")
    async with app.run_test(size=(80, 24)):
        entry = Entry(name)
        await app.push_screen(entry)
        assert entry.query_one("#frame")._border_title == Content(name)
