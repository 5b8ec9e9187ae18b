"""Writing the composer's text in the user's own editor, at the same cursor."""

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from chatty.client.editor import keyboard_signals_for_the_editor, named_editor

if TYPE_CHECKING:
    from chatty.tui.screens.chat import ChatScreen

_TAKES_LINE = frozenset({"vi", "vim", "nvim", "nano", "emacs", "kak", "micro", "ne"})


async def edit_outside(screen: "ChatScreen") -> None:
    """Give the terminal to `$VISUAL`, `$EDITOR` or vi, and take the text back once the editor has ended.

    Meanwhile the program goes on without a screen: what the server says is taken in.
    """
    composer = screen.composer
    before, meant_for = composer.text, screen.writing.place
    line = composer.buffer.text[: composer.buffer.cursor].count("\n") + 1
    try:
        after = await _edited(screen, before, line)
    except (SuspendNotSupported, OSError, ValueError) as error:
        screen.say(f"the editor could not be used: {error}")
        return
    if after != before:
        screen.writing.replace(meant_for, before, after)


async def _edited(screen: "ChatScreen", text: str, line: int) -> str:
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        path = Path(directory) / "message.md"
        path.write_text(text, encoding="utf-8")
        command = _command(path, line)
        failure = None
        with screen.app.suspend(), screen.app.batch_update(), keyboard_signals_for_the_editor():
            try:
                await asyncio.to_thread(subprocess.run, command, check=False)
            except OSError as error:
                # Raised in here it would keep Textual from taking the terminal back.
                failure = error
        if failure is not None:
            raise failure
        return path.read_text(encoding="utf-8", errors="replace").rstrip("\n")


def _command(path: Path, line: int) -> list[str]:
    words = named_editor(os.environ) or ["vi"]
    at_line = [f"+{line}"] if Path(words[0]).name in _TAKES_LINE else []
    return [*words, *at_line, str(path)]
