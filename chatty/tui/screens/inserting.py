"""Putting a prompt into the composer: what it asks for is asked first, one line after the other."""

from typing import TYPE_CHECKING

from chatty.tui.overlays import lists
from chatty.tui.overlays.entry import Entry
from chatty.tui.overlays.picker import Picked
from chatty.tui.prompts import PromptChoice

if TYPE_CHECKING:
    from chatty.tui.screens.chat import ChatScreen


def pick_prompt(screen: "ChatScreen") -> None:
    """Let the user choose a prompt, and put it in."""
    prompts = screen.backend.prompts()

    def picked(choice: Picked | None) -> None:
        if choice is not None:
            _fill(screen, prompts[int(choice.value)], {})

    screen.app.push_screen(lists.prompt_picker(prompts), picked)


def _fill(screen: "ChatScreen", prompt: PromptChoice, values: dict[str, str]) -> None:
    """Ask for the next variable; with all of them put the text in. Whoever leaves gets nothing."""
    open_names = [name for name in prompt.variables if name not in values]
    if not open_names:
        screen.composer.insert(prompt.filled(values))
        return
    name = open_names[0]

    def answered(value: str | None) -> None:
        if value is not None:
            _fill(screen, prompt, {**values, name: value})

    place = f" · {len(values) + 1} of {len(prompt.variables)}" if len(prompt.variables) > 1 else ""
    hint = "insert" if len(open_names) == 1 else "next"
    entry = Entry(f"{prompt.name} › {name}{place}", placeholder=name, hint=hint, may_be_empty=True)
    screen.app.push_screen(entry, answered)
