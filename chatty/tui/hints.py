"""Which keys the hints row shows in which situation: what works now, in order of use, six at most."""

from collections.abc import Sequence
from typing import Literal

from chatty.tui.actions import BY_NAME, Place
from chatty.tui.keymap import Keymap
from chatty.tui.spans import Span

Situation = Literal[
    "empty",
    "idle",
    "writing",
    "answering",
    "writing-meanwhile",
    "code",
    "command",
    "searching",
    "completing",
    "chats",
    "no-chats",
    "question",
    "answer",
    "broken",
    "broken-early",
]
"""`empty`: nothing was said yet; `writing`: something stands in the composer, which takes letters now;
`writing-meanwhile`: so it does, and an answer is under way; `code`: what is written is inside an open fence;
`command`: it is one of ours; `searching`: among earlier prompts; `no-chats`: in a list with nothing in it;
`broken-early`: an answer that ended before its first word."""

_NEWLINE = ("^j", "newline")
_COMMANDS = ("/", "commands")
_KEYS = ("?", "keys")

_ACTIONS_SHOWN: dict[Situation, tuple[tuple[str, str] | str, ...]] = {
    "empty": ("send", _NEWLINE, "model", _COMMANDS, _KEYS),
    "idle": ("send", _NEWLINE, "select", _COMMANDS, _KEYS),
    "writing": ("send", _NEWLINE, "select", "palette"),
    "answering": ("stop", ("enter", "queue"), _NEWLINE, _COMMANDS, _KEYS),
    "writing-meanwhile": ("stop", ("enter", "queue"), _NEWLINE, "palette"),
    "code": (("enter", "newline"), "select", "palette"),
    "command": (("enter", "run"), "palette"),
    "searching": (("enter", "take"), "history", ("esc", "back")),
    "completing": (("tab", "take"), ("↑ ↓", "choose"), ("esc", "close")),
    "chats": (("enter", "open"), ("↑ ↓", "choose"), ("esc", "back")),
    "no-chats": (("esc", "back"),),
    "question": ("edit", "again", "copy", "leave", ("?", "more")),
    "answer": ("again", "copy", "branch", "leave", ("?", "more")),
    "broken": ("again", "continue", ("R", "another model"), "copy", "leave", ("?", "more")),
    "broken-early": ("again", ("R", "another model"), "leave", ("?", "more")),
}
"""Names of actions, or a key and a word where the same key has another word in this situation."""


def hints(situation: Situation, keymap: Keymap) -> list[list[Span]]:
    """The hints of a situation, each a key in plain text and its word in muted; the last is kept always."""
    return [_hint(*_key_and_word(entry, keymap)) for entry in _ACTIONS_SHOWN[situation]]


def sequence_hints(keymap: Keymap, places: Sequence[Place], pending: str) -> list[list[Span]]:
    """What may follow the first key of a sequence in these places."""
    following = keymap.following((*places, "anywhere"), pending)
    return [*(_hint(key, action.hint) for key, action in following), _hint("esc", "leave")]


def _key_and_word(entry: tuple[str, str] | str, keymap: Keymap) -> tuple[str, str]:
    if isinstance(entry, str):
        return keymap.shown(entry), BY_NAME[entry].hint
    return entry


def _hint(key: str, word: str) -> list[Span]:
    return [Span(key), Span(f" {word}", "muted")]
