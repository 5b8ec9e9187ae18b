"""The user's own editor: it has the terminal and its keys, and nothing written is lost over it."""

import asyncio
import contextlib
import shlex
import sys
from pathlib import Path

import pytest

from chatty.tui.screens.editor import edit_outside
from tests.tui.screens.test_chat import chat, until
from tests.tui.terminal import terminal

INTERRUPTED = """
import signal, sys
def take(*_):
    with open(sys.argv[1], "a") as file:
        file.write(" and interrupted")
    sys.exit()
signal.signal(signal.SIGINT, take)
print("the editor is here", flush=True)
signal.pause()
"""

WAITING = """
import sys, time
path, go = sys.argv[2], sys.argv[1]
end = time.monotonic() + 10
while time.monotonic() < end:
    try:
        with open(go):
            break
    except OSError:
        time.sleep(0.005)
with open(path, "a") as file:
    file.write(" and more")
"""


def command(directory: Path, script: str, *arguments: str) -> str:
    """What to put into EDITOR so that this script is the editor."""
    path = directory / "editor.py"
    path.write_text(script)
    return shlex.join([sys.executable, str(path), *arguments])


def test_interrupt_is_for_the_editor(tmp_path: Path) -> None:
    with terminal(
        "--scene", "idle", environment={"VISUAL": " ", "EDITOR": command(tmp_path, INTERRUPTED)}
    ) as term:
        term.send("written")
        term.wait_for("written")
        term.send("\x18\x05")
        term.wait_for("the editor is here")
        term.send("\x03")
        term.wait_for("written and interrupted")


def test_editor_that_is_not_there_is_said_on_the_screen() -> None:
    with terminal("--scene", "idle", environment={"VISUAL": "", "EDITOR": "no-such-editor"}) as term:
        term.send("written")
        term.wait_for("written")
        term.send("\x18e")
        term.wait_for("the editor could not be used")
        term.send(" more")
        term.wait_for("written more")


@pytest.fixture
def waiting_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor that ends when the file is there."""
    go = tmp_path / "go"
    monkeypatch.setenv("VISUAL", command(tmp_path, WAITING, str(go)))
    monkeypatch.setattr("textual.app.App.suspend", lambda app: contextlib.nullcontext())
    return go


async def test_program_goes_on_while_one_edits(waiting_editor: Path) -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*"mine", "ctrl+x", "e")
        backend.store.say("news")
        waiting_editor.touch()
        await until(lambda: screen.composer.text == "mine and more")
        assert screen.store.note.text == "news"


async def test_text_edited_while_another_conversation_was_opened_is_the_draft_of_its_own(
    waiting_editor: Path,
) -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*"mine")
        editing = asyncio.create_task(edit_outside(screen))
        await asyncio.sleep(0)
        backend.open_conversation("c2")
        screen._follow_at_once()
        waiting_editor.touch()
        await editing
        assert screen.composer.is_empty
        backend.open_conversation("c1")
        screen._follow_at_once()
        assert screen.composer.text == "mine and more"


async def test_text_given_back_while_one_edits_stays(waiting_editor: Path) -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press(*"mine")
        editing = asyncio.create_task(edit_outside(screen))
        await asyncio.sleep(0)
        screen.composer.give_back("refused")
        waiting_editor.touch()
        await editing
        assert screen.composer.text == "mine and more\nrefused\nmine"
