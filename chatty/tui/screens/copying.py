"""Copying through the terminal (OSC 52): only by the user's key, sanitised, at most one mebibyte."""

from typing import TYPE_CHECKING

from chatty.rendering.guard import MAX_CLIPBOARD_BYTES
from chatty.rendering.sanitizer import sanitize

if TYPE_CHECKING:
    from chatty.tui.screens.chat import ChatScreen


def copy(screen: "ChatScreen", text: str) -> None:
    """Send the text to the terminal's clipboard and say so: whether it took it, nobody tells us."""
    clean = sanitize(text)
    if len(clean.encode()) > MAX_CLIPBOARD_BYTES:
        screen.say("too long to copy: over 1 MB")
        return
    screen.app.copy_to_clipboard(clean)
    screen.say("sent to the terminal")
