"""From an action's name to what it does, and from a typed text to a command or a message."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatty.tui.actions import BY_SLASH, typed_command
from chatty.tui.matching import matching
from chatty.tui.screens import chat_actions, message_actions

if TYPE_CHECKING:
    from chatty.tui.screens.chat import ChatScreen

    Deed = Callable[[ChatScreen, str], None]

DEEDS: "dict[str, Deed]" = {**chat_actions.DEEDS, **message_actions.DEEDS}
"""Every action's name has its deed here; a test holds the two tables together."""


def route(screen: "ChatScreen", name: str, argument: str) -> None:
    """Do what an action asks for."""
    DEEDS[name](screen, argument)


def submit(screen: "ChatScreen", text: str) -> None:
    """Run a typed command, or send the text. A text that begins with two slashes is sent with one."""
    typed = typed_command(text)
    if typed is None:
        _send(screen, text.removeprefix("/") if text.startswith("//") else text)
        return
    command, argument = typed
    action = BY_SLASH.get(command)
    if action is not None:
        route(screen, action.name, argument)
        return
    near = matching(command, BY_SLASH, str)
    also = f"; did you mean /{near[0]}?" if near else ""
    screen.composer.give_back(text)
    screen.say(f"there is no command /{command}{also}")


def _send(screen: "ChatScreen", text: str) -> None:
    """Send a text, or the new version of the message under edit."""
    opened, editing_id = screen.store.open, screen.editing_id
    message = opened.messages.get(editing_id) if opened is not None and editing_id else None
    screen.transcript.to_end()
    if message is None:
        screen.backend.send(text)
        return
    screen.end_edit()
    screen.backend.edit(message, text)
