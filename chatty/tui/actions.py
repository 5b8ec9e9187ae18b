"""Everything a person can ask for, in one table: it feeds keys, palette, slash commands, help and hints.

An action says its name, its words, its keys and where they work. What it does is not here:
the widget that has the keyboard says that the action was invoked, and the screen routes it.
The editing keys of the composer (^a, ^k, alt+b …) are no actions: they are the shell's
(`editing_keys.py`).
"""

from dataclasses import dataclass
from typing import Literal

Place = Literal["anywhere", "composer", "empty-composer", "message"]
"""Where the keys of an action work."""

Group = Literal["Writing", "Conversation", "Message", "View", "Program"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be asked for."""

    name: str
    """Stable: what the configuration file calls it."""
    title: str
    """What the palette and the help say."""
    group: Group
    slash: str
    """The typed twin, without the slash."""
    keys: tuple[str, ...] = ()
    """As Textual names them; `ctrl+x e` is the one then the other."""
    places: tuple[Place, ...] = ("anywhere",)
    hint: str = ""
    """The word beside the key in the hints row."""
    argument: str = ""
    """What the typed twin takes, such as `TITLE`."""


ACTIONS: tuple[Action, ...] = (
    Action("send", "Send", "Writing", "send", ("enter",), ("composer",), "send"),
    Action("stop", "Stop the answer", "Writing", "stop", ("escape",), ("composer",), "stop"),
    Action("history", "Earlier prompts", "Writing", "history", ("ctrl+r",), ("composer",), "earlier"),
    Action("prompt", "Insert a prompt", "Writing", "prompt", ("ctrl+g",), ("anywhere",), "prompt"),
    Action(
        "editor",
        "Write in $EDITOR",
        "Writing",
        "editor",
        ("ctrl+x e", "ctrl+x ctrl+e"),
        ("composer",),
        "editor",
    ),
    Action("redo", "Redo what was undone", "Writing", "redo", ("ctrl+x r",), ("composer",), "redo"),
    Action("new", "New conversation", "Conversation", "new", ("ctrl+n",), hint="new"),
    Action("chats", "Conversations", "Conversation", "chats", ("ctrl+o",), hint="chats"),
    Action("search", "Search every conversation", "Conversation", "search", argument="WORDS"),
    Action("find", "Find in this conversation", "Conversation", "find", ("ctrl+f",), argument="WORDS"),
    Action("project", "Choose a project", "Conversation", "project", argument="NAME"),
    Action("rename", "Rename this conversation", "Conversation", "rename", argument="TITLE"),
    Action("archive", "Archive this conversation", "Conversation", "archive"),
    Action("delete-chat", "Delete this conversation", "Conversation", "delete"),
    Action("restore", "Undo delete or archive", "Conversation", "restore"),
    Action("model", "Choose a model", "Conversation", "model", ("ctrl+l",), hint="model"),
    Action("select", "Go to the messages", "Message", "select", ("tab",), ("composer",), "messages"),
    Action("next", "Next message", "Message", "next", ("j", "down"), ("message",)),
    Action("previous", "Previous message", "Message", "previous", ("k", "up"), ("message",)),
    Action("left", "Earlier version", "Message", "left", ("left",), ("message",)),
    Action("right", "Later version", "Message", "right", ("right",), ("message",)),
    Action("fold", "Fold or unfold", "Message", "fold", ("enter", "t"), ("message",), "fold"),
    Action("edit", "Edit as a new version", "Message", "edit", ("e",), ("message",), "edit", "NUMBER"),
    Action("again", "Answer again", "Message", "again", ("r",), ("message",), "retry"),
    Action("other-model", "Answer with another model", "Message", "retry-with", ("R",), ("message",)),
    Action("continue", "Continue the answer", "Message", "continue", ("c",), ("message",), "continue"),
    Action("branch", "Branch to a new conversation", "Message", "branch", ("b",), ("message",), "branch"),
    Action("copy", "Copy", "Message", "copy", ("y",), ("message",), "copy", "NUMBER"),
    Action("copy-code", "Copy a code block", "Message", "copy-code", ("Y",), ("message",), "", "NUMBER"),
    Action("open-link", "Open a link", "Message", "open", ("o",), ("message",), "", "NUMBER"),
    Action("about", "About this message", "Message", "about", ("i",), ("message",), "about"),
    Action(
        "leave",
        "Back to writing",
        "Message",
        "leave",
        ("escape", "shift+tab"),
        ("message",),
        "back",
    ),
    Action("page-up", "A page up", "View", "up", ("pageup",)),
    Action("page-down", "A page down", "View", "down", ("pagedown",)),
    Action("top", "To the first message", "View", "top", ("ctrl+home",)),
    Action("end", "To the newest line", "View", "end", ("ctrl+end",), hint="end"),
    Action("code-left", "Long code to the left", "View", "code-left", ("shift+left",), ("message",)),
    Action("code-right", "Long code to the right", "View", "code-right", ("shift+right",), ("message",)),
    Action("raw", "Raw or rendered", "View", "raw", ("ctrl+x m",), hint="raw"),
    Action("redraw", "Draw the screen anew", "View", "redraw"),
    Action("theme", "Choose a theme", "View", "theme"),
    Action(
        "palette",
        "All commands",
        "Program",
        "palette",
        ("ctrl+p",),
        ("anywhere",),
        "commands",
    ),
    Action("key", "Set a provider's key", "Program", "key", argument="PROVIDER"),
    Action("help", "Keys that work here", "Program", "help", ("f1",), hint="keys"),
    Action("suspend", "Suspend", "Program", "suspend", ("ctrl+z",)),
    Action("interrupt", "Copy, clear or quit", "Program", "clear", ("ctrl+c",)),
    Action("quit", "Quit", "Program", "quit"),
)
"""The order is the order of the palette and of the help."""

KEYS_ON_EMPTY_COMPOSER: dict[str, str] = {
    "?": "help",
    "home": "top",
    "end": "end",
    "ctrl+d": "interrupt",
}
"""Keys that mean an action only while nothing is written, by action name; typed text has them otherwise."""

KEYS_ON_MESSAGE: dict[str, str] = {"?": "help", "/": "palette", "home": "top", "end": "end"}
"""Keys of general actions that need no modifier while a message is selected."""

BY_NAME: dict[str, Action] = {action.name: action for action in ACTIONS}
BY_SLASH: dict[str, Action] = {action.slash: action for action in ACTIONS}


def typed_command(text: str) -> tuple[str, str] | None:
    """Name and argument of a text that is meant as a command, known or not; None for one that is sent.

    Two slashes begin a message, and so do a path and a pasted text that begins with a slash by chance.
    """
    if not text.startswith("/") or text.startswith("//"):
        return None
    name, _, argument = text[1:].partition(" ")
    if name not in BY_SLASH and ("/" in name or "\n" in text):
        return None
    return name, argument.strip()


def is_known_command(text: str) -> bool:
    """Whether enter runs a text instead of sending it."""
    command = typed_command(text)
    return command is not None and command[0] in BY_SLASH


def is_mistyped_command(text: str) -> bool:
    """Whether a text is nothing but the name of a command there is not: no message, and not worth keeping.

    With words behind the name it may be more than that.
    """
    command = typed_command(text.strip())
    return command is not None and command[0] not in BY_SLASH and not command[1]
