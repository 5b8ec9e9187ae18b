"""The program around the screens: themes, first run, crashes."""

import asyncio

import pytest
from textual.screen import Screen

from chatty.tui.app import ChattyApp, Settings
from chatty.tui.overlays.entry import Entry
from chatty.tui.screens.first_run import FirstRun
from chatty.tui.widgets.drawn import Drawn
from tests.tui.scenes import message, open_snapshot, snapshot, text, used
from tests.tui.scripted_app import scripted


async def offered(app: ChattyApp) -> None:
    """Return once the first-run screen is there."""

    async def waiting() -> None:
        while not isinstance(app.screen, FirstRun):  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(0)

    await asyncio.wait_for(waiting(), 10)


async def test_first_run_starts_on_what_is_ready_and_enter_takes_it() -> None:
    app, backend = scripted("first-run")
    async with app.run_test() as pilot:
        await offered(app)
        await pilot.press("enter")
        assert backend.calls[-1] == ("choose_provider", "ollama")


async def test_esc_on_the_first_run_is_the_guide() -> None:
    app, backend = scripted("first-run")
    async with app.run_test() as pilot:
        await offered(app)
        await pilot.press("down", "escape")
        assert backend.calls[-1] == ("choose_provider", "guide")


@pytest.mark.parametrize("steps", [1, 3])
async def test_esc_from_what_is_missing_goes_back_to_who_should_answer(steps: int) -> None:
    app, backend = scripted("first-run")
    async with app.run_test() as pilot:
        await offered(app)
        await pilot.press(*["down"] * (steps + 1), "enter")
        assert isinstance(app.screen, Entry)
        await pilot.press("escape")
        await offered(app)
        assert backend.calls == []
        await pilot.press("up", *["up"] * steps, "enter")
        assert backend.calls == [("choose_provider", "ollama")]


@pytest.mark.parametrize("height", [10, 14, 24, 50])
async def test_first_run_shows_the_cursor_on_any_height(height: int) -> None:
    app, _ = scripted("first-run")
    async with app.run_test(size=(60, height)) as pilot:
        await offered(app)
        await pilot.press(*["down"] * 10)
        page = app.screen.query_one("#first-run")
        assert any("The guide" in page.render_line(y).text for y in range(page.size.height))


@pytest.mark.parametrize("height", [14, 20])
async def test_first_run_says_what_is_asked_on_any_height(height: int) -> None:
    app, _ = scripted("first-run")
    async with app.run_test(size=(60, height)) as pilot:
        await offered(app)
        await pilot.press(*["down"] * 10)
        page = app.screen.query_one("#first-run")
        assert "Who should answer?" in [page.render_line(y).text.strip() for y in range(page.size.height)]


async def test_no_color_chooses_the_theme_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app, _ = scripted("idle", Settings(theme="chatty-light"))
    async with app.run_test(size=(100, 30)):
        assert app.current_theme.name == "no-colour"
        frame = app.screen._compositor.render_full_update().render_segments(app.console)
        assert "38;" not in frame
        assert "48;" not in frame
        assert not any(f"\x1b[{code}m" in frame for code in (*range(30, 38), *range(40, 48)))


async def test_empty_no_color_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    app, _ = scripted("idle", Settings(theme="chatty-light"))
    async with app.run_test(size=(100, 30)):
        assert app.current_theme.name == "chatty-light"
        assert not app.no_color


async def test_crash_leaves_nothing_of_its_variables_to_be_printed() -> None:
    app, _ = scripted("idle")
    with pytest.raises(ValueError, match="broken"):
        async with app.run_test():
            app._handle_exception(ValueError("broken"))
    assert app._exit_renderables == []
    assert isinstance(app.crash, ValueError)


DECORATED = """- one
- two

> quoted

---

[words](https://example.org/%s)

```python
pass
```
""" % ("x" * 80)


def drawn(screen: Screen[object]) -> str:
    """All that our widgets draw on a screen."""
    rows = [widget.render_line(y).text for widget in screen.query(Drawn) for y in range(widget.size.height)]
    return "\n".join(rows)


@pytest.mark.parametrize("theme", ["chatty-dark", "terminal-dark"])
async def test_ascii_glyphs_replace_ours(theme: str) -> None:
    app, backend = scripted("chat", Settings(theme=theme, ascii_glyphs=True))
    thinking = {"type": "reasoning", "text": "Hm."}
    answers = [
        message(1, "user", [text("x" * 500, name="a.py"), text("Why?")], 0),
        message(2, "assistant", [thinking, text(DECORATED)], 0, usage=used(7, 0.1), finish_reason="length"),
    ]
    open_snapshot(backend.store, snapshot(answers))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "- one" in drawn(app.screen)
        assert "| quoted" in drawn(app.screen)
        assert [line for line in drawn(app.screen).split("\n") if not line.isascii()] == []
        await pilot.press("tab")
        await pilot.pause()
        assert [line for line in drawn(app.screen).split("\n") if not line.isascii()] == []


async def test_ascii_glyphs_are_those_of_the_overlays_too() -> None:
    app, _ = scripted("idle", Settings(ascii_glyphs=True))
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(Entry("Key", is_secret=True))
        await pilot.press(*"secret")
        assert "******" in drawn(app.screen)
        assert app.screen.query_one("#frame").styles.border_top[0] == "ascii"
