"""Which key asks for which action, after the user's own choices.

Keys are compared in one spelling (`ctrl+j`, `?`, `J`); terminals and Textual have several for the same key.
A sequence such as `ctrl+x e` waits for its second key as long as it takes: nothing happens by time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from chatty.tui.actions import (
    ACTIONS,
    BY_NAME,
    KEYS_ON_EMPTY_COMPOSER,
    KEYS_ON_MESSAGE,
    Action,
    Place,
)

FORBIDDEN = {
    "ctrl+h": "it is backspace",
    "ctrl+i": "it is tab",
    "ctrl+m": "it is enter",
    "ctrl+[": "it is esc",
    "ctrl+s": "it stops the output of some terminals",
    "ctrl+q": "one slip beside ^w would end the program",
    **{f"alt+{digit}": "it types a letter in some terminals" for digit in range(10)},
}
"""Keys that no action may have, with the reason. Lists of an overlay may use ^s and ^q."""

_SPELLINGS = {
    "question_mark": "?",
    "slash": "/",
    "plus": "+",
    "minus": "-",
    "backslash": "\\",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "at": "@",
    "exclamation_mark": "!",
    "shift+\r": "shift+enter",
    "shift+\n": "shift+enter",
    "ctrl+question_mark": "ctrl+?",
    "ctrl+left_square_bracket": "ctrl+[",
    "ctrl+underscore": "ctrl+_",
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
}

_SHOWN = {
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


class KeymapError(ValueError):
    """A key or an action of the user's configuration cannot be used; the sentence says which and why."""


def canonical(key: str) -> str:
    """One spelling for a key, whoever names it. `^o` is `ctrl+o`."""
    if len(key) == 2 and key[0] == "^":
        return f"ctrl+{key[1].lower()}"
    return _SPELLINGS.get(key, key)


def is_function_key(key: str) -> bool:
    """Whether it is one of F1, F2 and so on."""
    return key[:1] == "f" and key[1:].isdecimal()


def shown(keys: str) -> str:
    """How a key is written for people: `^o`, `esc`, `^x e`."""
    return " ".join(_shown_one(key) for key in keys.split(" "))


def _shown_one(key: str) -> str:
    if key in _SHOWN:
        return _SHOWN[key]
    modifier, _, letter = key.rpartition("+")
    if modifier == "ctrl" and letter:
        return f"^{_SHOWN.get(letter, letter)}"
    return key


class Keymap:
    """The keys in force. `changes` maps action names to the keys they have instead of the usual ones.

    Raises:
        KeymapError: an unknown action, a forbidden key, or one key for two actions in the same place.
    """

    def __init__(self, changes: Mapping[str, Sequence[str]] | None = None) -> None:
        changes = changes or {}
        _check_names(changes)
        self._keys = {action.name: _spelled(changes.get(action.name, action.keys)) for action in ACTIONS}
        self._by_place: dict[Place, dict[str, Action]] = {}
        for action in ACTIONS:
            for place in action.places:
                self._bind(place, self._keys[action.name], action)
        for key, name in KEYS_ON_EMPTY_COMPOSER.items():
            self._by_place.setdefault("empty-composer", {}).setdefault(key, BY_NAME[name])
        for key, name in KEYS_ON_MESSAGE.items():
            self._by_place.setdefault("message", {}).setdefault(key, BY_NAME[name])

    def find(self, places: Iterable[Place], keys: str) -> Action | None:
        """The action of these keys in the first of the places that knows them."""
        for place in places:
            action = self._by_place.get(place, {}).get(keys)
            if action is not None:
                return action
        return None

    def continues(self, places: Iterable[Place], keys: str) -> bool:
        """Whether some sequence in these places begins with these keys."""
        start = keys + " "
        return any(known.startswith(start) for place in places for known in self._by_place.get(place, {}))

    def following(self, places: Iterable[Place], keys: str) -> list[tuple[str, Action]]:
        """The last keys and actions of the sequences that begin with these keys, one key for each action."""
        start = keys + " "
        found: dict[str, tuple[str, Action]] = {}
        for place in places:
            for known, action in self._by_place.get(place, {}).items():
                if known.startswith(start):
                    found.setdefault(action.name, (known.removeprefix(start), action))
        return list(found.values())

    def keys_of(self, name: str) -> tuple[str, ...]:
        """The keys of an action, the usual one first; empty when it has none."""
        return self._keys[name]

    def shown(self, name: str) -> str:
        """The first key of an action as people read it; empty when it has none."""
        keys = self._keys[name]
        return shown(keys[0]) if keys else ""

    def _bind(self, place: Place, keys: tuple[str, ...], action: Action) -> None:
        here = self._by_place.setdefault(place, {})
        for key in keys:
            if key in here and here[key] is not action:
                raise KeymapError(f"{shown(key)} is asked for by both {here[key].name} and {action.name}")
            here[key] = action


class KeyRouter:
    """Follows the keys typed and says which action they ask for; keeps the first key of a sequence."""

    def __init__(self, keymap: Keymap, act: Callable[[str], None]) -> None:
        self.keymap = keymap
        self.act = act
        """Does what an action asks for. Called at once, not posted: keys typed ahead must find the keyboard
        where the action before them put it."""
        self.pending = ""
        """The first key of a sequence whose second is awaited; empty otherwise."""

    def feed(self, places: Sequence[Place], key: str) -> Action | Literal["taken"] | None:
        """Take one key: its action, `taken` as part of a sequence, or None when it means nothing here."""
        key = canonical(key)
        everywhere = (*places, "anywhere")
        if self.pending:
            keys, self.pending = f"{self.pending} {key}", ""
            # An unknown second key, esc among them, only leaves the sequence.
            return self.keymap.find(everywhere, keys) or "taken"
        if self.keymap.continues(everywhere, key):
            self.pending = key
            return "taken"
        return self.keymap.find(everywhere, key)


def _spelled(keys: Sequence[str]) -> tuple[str, ...]:
    spelled = tuple(" ".join(canonical(key) for key in keys_.split(" ")) for keys_ in keys)
    for sequence in spelled:
        for key in sequence.split(" "):
            if key in FORBIDDEN:
                raise KeymapError(f"{shown(key)} cannot be used: {FORBIDDEN[key]}")
    return spelled


def _check_names(changes: Mapping[str, Sequence[str]]) -> None:
    for name in changes:
        if name not in BY_NAME:
            from difflib import get_close_matches

            near = get_close_matches(name, BY_NAME, n=1)
            also = f"; did you mean {near[0]}?" if near else ""
            raise KeymapError(f"there is no action called {name}{also}")
