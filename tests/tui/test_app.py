"""The program around the screens: themes, first run, crashes."""

import asyncio

import pytest

from chatty.tui.app import ChattyApp, Settings
from chatty.tui.screens.first_run import FirstRun
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


@pytest.mark.parametrize("height", [10, 14, 24, 50])
async def test_first_run_shows_the_cursor_on_any_height(height: int) -> None:
    app, _ = scripted("first-run")
    async with app.run_test(size=(60, height)) as pilot:
        await offered(app)
        await pilot.press(*["down"] * 10)
        page = app.screen.query_one("#first-run")
        assert any("The guide" in page.render_line(y).text for y in range(page.size.height))


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


async def test_ascii_glyphs_replace_ours() -> None:
    app, _ = scripted("chat", Settings(ascii_glyphs=True))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        rows = [
            widget.render_line(y).text
            for widget in (app.screen.query_one("#transcript"), app.screen.query_one("#header"))
            for y in range(widget.size.height)
        ]
        assert not set("▌●○◌▸▾‹›…") & set("".join(rows))
