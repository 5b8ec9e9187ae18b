"""Offers what could be meant while one types: commands after `/`."""

from chatty.tui.actions import ACTIONS, Action
from chatty.tui.keymap import Keymap
from chatty.tui.matching import matching
from chatty.tui.widgets.completion_menu import Completion, CompletionMenu
from chatty.tui.widgets.composer import Composer


class Completing:
    """Keeps the menu in step with the composer, and puts what is taken in its place."""

    def __init__(self, composer: Composer, menu: CompletionMenu, keymap: Keymap) -> None:
        self._composer, self._menu = composer, menu
        self._commands = [
            Completion(f"/{action.slash}", action.title, _key(action, keymap), not action.argument)
            for action in ACTIONS
        ]
        self._closed_for = ""

    @property
    def is_open(self) -> bool:
        """Whether the menu is on the screen."""
        return self._menu.is_open

    def update(self) -> None:
        """The text changed: offer what fits now."""
        text = self._composer.text
        if text != self._closed_for:
            self._closed_for = ""
        # Up and down go on through the prompts, also over one that was a command.
        is_quiet = bool(self._closed_for) or self._composer.is_recalled
        self._offer([] if is_quiet else self._offers(text))

    def key(self, key: str) -> None:
        """A key the composer handed on."""
        if key in ("up", "down"):
            self._menu.step(-1 if key == "up" else 1)
        elif key == "escape":
            self._closed_for = self._composer.text
            self._offer([])
        elif self._menu.chosen is not None:
            self.take(self._menu.chosen, runs=key == "enter")

    def take(self, completion: Completion, *, runs: bool = True) -> None:
        """Put a completion in place; a command that takes nothing is sent at once."""
        is_command = completion.insert.startswith("/")
        self._composer.replace_word(completion.insert + ("" if runs and is_command else " "))
        self._closed_for = self._composer.text
        self._offer([])
        if runs and is_command and completion.runs_at_once:
            self._composer.submit()
        elif runs and is_command:
            self._composer.insert(" ")

    def _offers(self, text: str) -> list[Completion]:
        if text.startswith("/") and not any(character.isspace() for character in text):
            return matching(text[1:], self._commands, lambda offer: offer.insert[1:])
        return []

    def _offer(self, completions: list[Completion]) -> None:
        self._menu.offer(completions)
        if self._menu.is_open:
            # The menu stands on the composer's frame, whatever its height; one row of hints lies below.
            self._menu.styles.margin = (0, 1, self._composer.outer_size.height + 1, 1)


def _key(action: Action, keymap: Keymap) -> str:
    """The key that does it while one writes; those of a message are letters here."""
    return keymap.shown(action.name) if {"composer", "anywhere"} & set(action.places) else ""
