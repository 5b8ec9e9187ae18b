"""Foreign text reaches the terminal only in its sanitised form, in every place that shows some."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from chatty.rendering.guard import OutputGuard
from chatty.rendering.sanitizer import sanitize
from chatty.tui.app import ChattyApp
from chatty.tui.overlays.models import ModelPicker
from chatty.tui.screens import chat, showing
from chatty.tui.store import Store
from tests.rendering.terminal_corpus import CASES, Case
from tests.rendering.terminal_oracle import first_violation
from tests.tui.fake_backend import FakeBackend
from tests.tui.scenes import fill_with
from tests.tui.terminal import terminal

BATCH = 40
"""Texts on one screen; all of their messages fit on it."""
FROZEN_MS = 1_790_000_000_000


def full_frame(app: ChattyApp) -> str:
    """Everything on the screen as it would be written."""
    return app.screen._compositor.render_full_update().render_segments(app.console)


def batches() -> Iterator[tuple[Case, ...]]:
    cases = iter(CASES)
    while batch := tuple(itertools.islice(cases, BATCH)):
        yield batch


async def settled(app: ChattyApp) -> str:
    """The frame once nothing changes it any more: what was asked for is laid out and drawn."""
    before, frame = "", full_frame(app)
    async with asyncio.timeout(20):
        while frame != before or "Chats" not in frame:  # what lies behind an overlay may come after it
            done = asyncio.Event()
            app.screen.refresh()  # an overlay draws what lies behind it only when it is drawn itself
            app.screen.call_after_refresh(done.set)
            await done.wait()
            before, frame = frame, full_frame(app)
    return frame


async def frames(bodies: list[str], names: list[str]) -> list[str]:
    """The chat and the model picker with these texts, as written."""
    store = Store()
    app = ChattyApp(store, FakeBackend(store))
    fill_with(store, bodies, names, FROZEN_MS)
    async with app.run_test(size=(120, 420)):
        screen = app.screen
        assert isinstance(screen, chat.ChatScreen)
        await settled(app)
        screen.run("select")
        screen.run("fold")
        written = [await settled(app)]
        await app.push_screen(ModelPicker(store.models, ""))
        written.append(await settled(app))
    return written


@pytest.mark.parametrize("batch", list(batches()), ids=lambda batch: batch[0].name)
async def test_hostile_text_is_written_as_its_sanitised_form(
    batch: tuple[Case, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "_now_ms", lambda: FROZEN_MS)
    texts = [case.text for case in batch]
    hostile = await frames(texts, texts)
    clean = await frames(
        [sanitize(text) for text in texts], [sanitize(text, multiline=False) for text in texts]
    )
    for shown, expected in zip(hostile, clean, strict=True):
        assert shown == expected
        assert OutputGuard().filter(shown) == shown


def test_hostile_conversation_through_a_terminal_looks_like_its_sanitised_form() -> None:
    with (
        terminal("--scene", "hostile", columns=120, rows=40) as hostile,
        terminal("--scene", "hostile-sanitised", columns=120, rows=40) as clean,
    ):
        for term in (hostile, clean):
            term.wait_for("the end")
            term.send("\x0c")
            term.wait_for("per million tokens")

        def look_alike() -> bool:
            clean.catch_up()
            return hostile.text == clean.text

        hostile.wait_until(look_alike)
        written = hostile.written.decode(errors="replace")
        assert "\x1b]52" not in written
        assert "\x1b]0" not in written
        assert not set(written) & {chr(code) for code in range(0x80, 0xA0)}


def test_guard_of_the_driver_stands_behind_a_part_that_forgot_the_sanitiser() -> None:
    with terminal("--broken", "sanitiser") as term:
        term.wait_for("evil")
        read = term.written.decode("utf-8", "ignore")
        written = read[: read.rindex("\x1b")]  # what is read may end in the middle of a sequence
        assert first_violation(written) is None
        assert "\x1b[?1049l" not in written
        assert "\x1b]52" not in written
