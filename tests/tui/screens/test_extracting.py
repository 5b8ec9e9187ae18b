"""Copying code and opening links: what the renderer finds, shown before it is used."""

import asyncio
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from chatty.tui.app import ChattyApp
from chatty.tui.overlays.picker import Picker, PickerList
from chatty.tui.screens.extracting import code_blocks, links
from tests.tui.scenes import message, open_snapshot, snapshot, text
from tests.tui.scripted_app import scripted

DECEPTIVE = "https://github.com@evil.example/"


@asynccontextmanager
async def selected(answer: str) -> AsyncIterator[tuple[Pilot[None], ChattyApp]]:
    """A conversation of one answer, which is selected."""
    app, backend = scripted("empty")
    open_snapshot(backend.store, snapshot([message(1, "assistant", [text(answer)], 0)]))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("tab")
        yield pilot, app


def listed(app: ChattyApp) -> str:
    """The rows of the open list."""
    assert isinstance(app.screen, Picker)
    rows = app.screen.query_one(PickerList)
    return "\n".join(rows.render_line(y).text for y in range(rows.size.height))


def test_links_other_than_web_and_mail_are_never_offered() -> None:
    answer = "[a](javascript:x) [b](file:///etc) [c](https://e.org) <mailto:a@e.org> [d](http://e.org)"
    assert links(answer) == ["https://e.org", "mailto:a@e.org", "http://e.org"]


def test_what_is_drawn_as_a_link_can_be_opened() -> None:
    answer = (
        "See https://bare.example/x, and [it][1] again: https://bare.example/x.\n\n[1]: https://a.example"
    )
    assert links(answer) == ["https://bare.example/x", "https://a.example"]


def test_code_is_copied_as_it_was_written() -> None:
    assert code_blocks("- a\n\n  ```sh\n  if x\n  \tfi\n  ```\n\n    indented\n") == ["if x\n\tfi"]
    assert code_blocks("```\none\n```\n\n    two\n") == ["one", "two"]


async def test_deceptive_link_is_shown_with_its_true_host() -> None:
    async with selected(f"[github.com]({DECEPTIVE})") as (pilot, app):
        await pilot.press("o")
        assert f"{DECEPTIVE} (evil.example)" in listed(app)


async def test_chosen_link_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = asyncio.Event()
    loop = asyncio.get_running_loop()

    def take(href: str) -> bool:
        if href == "https://e.org/2":
            loop.call_soon_threadsafe(opened.set)
        return True

    monkeypatch.setattr(webbrowser, "open", take)
    async with selected("https://e.org/1 and https://e.org/2") as (pilot, _):
        await pilot.press("o", "down", "enter")
        await asyncio.wait_for(opened.wait(), 10)


async def test_without_a_browser_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda href: False)
    async with selected("https://e.org/1") as (pilot, app):
        await pilot.press("o", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        status = app.screen.query_one("#status")
        assert "no browser could be started" in status.render_line(0).text
