"""The lists one chooses from, made of the state: which columns, which words, which groups."""

from collections.abc import Sequence

from chatty.tui.actions import ACTIONS, Action, Place
from chatty.tui.keymap import Keymap, shown
from chatty.tui.overlays.picker import Choice, Column, Picker
from chatty.tui.prompts import PromptChoice
from chatty.tui.spans import Span
from chatty.tui.state import Message, SearchHit
from chatty.tui.widgets.message_rows import speaker


def name_picker(name: str, names: Sequence[str], hint: str = "choose") -> Picker:
    """Plain names, such as themes."""
    choices = [Choice(value, ((Span(value),),), value) for value in names]
    return Picker(name, (Column(""),), choices, hints=(("enter", hint),))


def project_picker(names: Sequence[str]) -> Picker:
    """Projects by name; a name that is not there yet makes one."""
    choices = [Choice(value, ((Span(value),),), value) for value in names]
    return Picker(
        "Project",
        (Column(""),),
        choices,
        placeholder="type to filter, or a new name",
        hints=(("enter", "choose"),),
        takes_typed="make the project",
    )


def prompt_picker(prompts: Sequence[PromptChoice]) -> Picker:
    """Prompts by name, with how they begin. Picks the place in the list."""
    choices = [
        Choice(
            str(place),
            ((Span(prompt.name),), (Span(" ".join(prompt.text.split()), "muted"),)),
            f"{prompt.name} {prompt.text}",
        )
        for place, prompt in enumerate(prompts)
    ]
    return Picker("Prompt", (Column("", 24), Column("")), choices, hints=(("enter", "insert"),))


def find_picker(messages: Sequence[Message], words: str = "") -> Picker:
    """The messages of this conversation, found by their text."""
    choices = [
        Choice(
            message.id,
            (
                (Span(speaker(message).name, bold=True),),
                (Span(" ".join(message.text.split())[:400], "text"),),
            ),
            message.text[:20_000],
        )
        for message in messages
    ]
    return Picker(
        "Find",
        (Column("", 16), Column("")),
        choices,
        hints=(("enter", "go there"), ("^f", "everywhere")),
        keys=("ctrl+f",),
        words=words,
    )


def hit_choices(hits: Sequence[SearchHit]) -> list[Choice]:
    """What a search found, by conversation."""
    return [
        Choice(f"{hit.conversation_id} {hit.message_id}", (_hit_spans(hit),), hit.snippet, hit.title)
        for hit in hits
    ]


def _hit_spans(hit: SearchHit) -> tuple[Span, ...]:
    return tuple(Span(text, "primary" if is_hit else "text", bold=is_hit) for text, is_hit in hit.pieces)


def command_picker(keymap: Keymap) -> Picker:
    """Everything that can be asked for, with its key and its typed twin."""
    choices = [
        Choice(
            action.name,
            ((Span(action.title),), (Span(keymap.shown(action.name), "muted"),), _slash(action)),
            f"{action.title} {action.slash}",
            action.group,
        )
        for action in ACTIONS
    ]
    return Picker("Commands", (Column(""), Column("", 8), Column("", 22)), choices, hints=(("enter", "run"),))


def help_picker(keymap: Keymap, places: Sequence[Place]) -> Picker:
    """The keys that work here, then all others."""
    here = [action for action in ACTIONS if set(action.places) & {*places, "anywhere"}]
    rest = [action for action in ACTIONS if action not in here]
    choices = [
        *(_key_choice(action, keymap, "Here") for action in here if keymap.keys_of(action.name)),
        *(_key_choice(action, keymap, action.group) for action in rest),
        *(_key_choice(action, keymap, "Typed") for action in here if not keymap.keys_of(action.name)),
    ]
    return Picker(
        "Keys",
        (Column("", 18), Column(""), Column("", 22)),
        choices,
        placeholder="type to filter",
        hints=(("enter", "do it"),),
    )


def _key_choice(action: Action, keymap: Keymap, group: str) -> Choice:
    keys = "  ".join(shown(key) for key in keymap.keys_of(action.name))
    cells = ((Span(keys),), (Span(action.title),), _slash(action))
    return Choice(action.name, cells, f"{keys} {action.title} {action.slash}", group)


def _slash(action: Action) -> tuple[Span, ...]:
    argument = f" {action.argument}" if action.argument else ""
    return (Span(f"/{action.slash}{argument}", "muted"),)
