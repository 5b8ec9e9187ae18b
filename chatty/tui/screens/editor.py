"""Writing the composer's text in the user's own editor, at the same cursor."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

if TYPE_CHECKING:
    from chatty.tui.screens.chat import ChatScreen

_TAKES_LINE = frozenset({"vi", "vim", "nvim", "nano", "emacs", "kak", "micro", "ne"})


def edit_outside(screen: "ChatScreen") -> None:
    """Give the terminal to `$VISUAL`, `$EDITOR` or vi, then take the text back; the screen waits."""
    composer = screen.composer
    before = composer.text
    line = composer.buffer.text[: composer.buffer.cursor].count("\n") + 1
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        path = Path(directory) / "message.md"
        path.write_text(before, encoding="utf-8")
        try:
            with screen.app.suspend():
                subprocess.run(_command(path, line), check=False)
        except (SuspendNotSupported, OSError, ValueError) as error:
            screen.say(f"the editor could not be started: {error}")
            return
        after = path.read_text(encoding="utf-8", errors="replace").rstrip("\n")
    if after != before:
        composer.set_text(after)


def _command(path: Path, line: int) -> list[str]:
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    at_line = [f"+{line}"] if Path(words[0]).name in _TAKES_LINE else []
    return [*words, *at_line, str(path)]
