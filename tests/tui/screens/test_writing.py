"""Nothing that was written is lost, whichever conversation is open and whenever one leaves."""

from pathlib import Path

import pytest
from textual import events

from chatty.tui.app import Settings
from chatty.tui.drafts import Draft, Drafts
from chatty.tui.screens.writing import UNSENT
from chatty.tui.state import NEW, OpenConversation
from chatty.tui.wishes import Returned
from tests.tui.screens.test_chat import chat, until
from tests.tui.scripted_app import scripted


def kept(directory: Path) -> dict[str, str]:
    """The texts of the drafts on the disk, by the name they are kept under."""
    drafts = Drafts(directory, "a")
    texts = {key: drafts.load(key).pieces for key in drafts.conversations()}
    return {key: "".join(map(str, pieces)) for key, pieces in texts.items()}


def settings(directory: Path) -> Settings:
    return Settings(drafts_directory=directory, client_id="a")


async def test_letters_behind_the_first_enter_are_the_draft_of_that_conversation(tmp_path: Path) -> None:
    async with chat("empty", settings=settings(tmp_path)) as (_, screen, backend):
        opened = backend.store.open
        assert opened is not None
        for key in ("h", "i", "enter", "x"):
            screen.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(lambda: screen.composer.text == "x")
    assert kept(tmp_path) == {opened.id: "x"}


async def test_letters_go_to_the_conversation_on_the_screen_not_to_the_next(tmp_path: Path) -> None:
    async with chat(settings=settings(tmp_path)) as (_, screen, backend):
        backend.store.on_change = lambda: None
        backend.open_conversation("c2")
        screen.composer.insert("for the first")
        await screen.writing.save()
        assert kept(tmp_path) == {"c1": "for the first"}


async def test_what_is_written_before_the_conversation_is_known_is_kept(tmp_path: Path) -> None:
    async with chat("unknown", settings=settings(tmp_path)) as (pilot, _, _backend):
        await pilot.press(*"early")
    assert kept(tmp_path) == {NEW: "early"}
    async with chat("empty", settings=settings(tmp_path)) as (_, screen, _backend):
        assert screen.composer.text == "early"


async def test_what_was_written_early_comes_below_the_draft_that_is_found(tmp_path: Path) -> None:
    Drafts(tmp_path, "a").save("c2", Draft(("before",), 6))
    async with chat("unknown", settings=settings(tmp_path)) as (pilot, screen, backend):
        await pilot.press(*"early")
        backend.open_conversation("c2")
        await until(lambda: screen.showing.shown_id == "c2")
        assert screen.composer.text == "before\nearly"
        assert screen.composer.buffer.cursor == len("before\nearly")
    assert kept(tmp_path) == {"c2": "before\nearly"}


async def test_sent_text_that_is_in_no_outbox_is_back_at_the_next_start(tmp_path: Path) -> None:
    async with chat(settings=settings(tmp_path)) as (_, _screen, backend):
        backend.store.hold_unsent("r1", "precious")
        backend.store.hold_unsent("r2", "safe")
        backend.store.release_unsent("r2")
    assert kept(tmp_path) == {UNSENT: "precious"}
    async with chat(settings=settings(tmp_path)) as (_, screen, _backend):
        assert screen.composer.text == "precious"
    assert kept(tmp_path) == {"c1": "precious"}


async def test_text_that_reaches_the_outbox_at_the_end_is_no_draft(tmp_path: Path) -> None:
    app, backend = scripted("idle", settings(tmp_path))

    class Ending:
        def start(self) -> None:
            backend.store.hold_unsent("r1", "precious")

        async def close(self) -> None:
            assert kept(tmp_path) == {UNSENT: "precious"}
            backend.store.release_unsent("r1")

    app._connection = Ending()
    async with app.run_test():
        await until(lambda: bool(backend.store.unsent))
    assert kept(tmp_path) == {}


async def test_sent_text_is_kept_while_the_program_runs_too(tmp_path: Path) -> None:
    async with chat(settings=settings(tmp_path)) as (_, _screen, backend):
        backend.store.hold_unsent("r1", "precious")
        await until(lambda: kept(tmp_path) == {UNSENT: "precious"})
        backend.store.release_unsent("r1")
        await until(lambda: kept(tmp_path) == {})


async def test_refused_text_waits_as_the_draft_of_its_own_conversation(tmp_path: Path) -> None:
    Drafts(tmp_path, "a").save("c2", Draft(("since",), 5))
    async with chat(settings=settings(tmp_path)) as (_, screen, backend):
        backend.store.give_back(Returned("c2", "refused"))
        await until(lambda: not backend.store.wishes.texts)
        assert screen.composer.is_empty
        backend.open_conversation("c2")
        await until(lambda: screen.showing.shown_id == "c2")
        assert screen.composer.text == "refused\nsince"


async def test_drafts_are_kept_without_a_disk_as_long_as_the_program_runs() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*"mine")
        backend.store.open_conversation(OpenConversation("c2"))
        await until(lambda: screen.showing.shown_id == "c2")
        backend.store.open_conversation(OpenConversation("c1"))
        await until(lambda: screen.showing.shown_id == "c1")
        assert screen.composer.text == "mine"


@pytest.mark.parametrize(("typed", "left"), [("/frob", {}), ("/frob it", {"c1": "/frob it"})])
async def test_mistyped_command_is_no_draft(tmp_path: Path, typed: str, left: dict[str, str]) -> None:
    async with chat(settings=settings(tmp_path)) as (pilot, screen, _):
        await pilot.press(*typed, "enter")
        assert screen.composer.text == typed
    assert kept(tmp_path) == left
