"""The lists one chooses from, made of the state: which columns, which words, which groups."""

from collections.abc import Sequence

from chatty.tui.actions import ACTIONS, KEYS_ON_EMPTY_COMPOSER, Action, Place
from chatty.tui.keymap import Keymap, is_function_key, shown
from chatty.tui.overlays.picker import MIDDLING, WIDE, Choice, Column, Picker
from chatty.tui.prompts import PromptChoice
from chatty.tui.spans import Span
from chatty.tui.state import Message, SearchHit
from chatty.tui.widgets.message_rows import speaker

_SLASH_CELLS = 18
"""The longest typed twin with what it takes."""


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
        when_empty="no projects yet: write the name of the first",
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
    return Picker(
        "Prompt",
        (Column("", 24), Column("")),
        choices,
        hints=(("enter", "insert"),),
        when_empty="no prompts yet: `chatty prompts new NAME` writes one",
    )


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
        hints=(("enter", "go there"),),
        free_keys={"ctrl+f": "everywhere"},
        words=words,
        when_empty="nothing was said here yet",
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
            ((Span(action.title),), (Span(_first_key(action, keymap), "muted"),), _slash(action)),
            f"{action.title} {action.slash}",
            action.group,
        )
        for action in ACTIONS
    ]
    columns = (Column(""), Column("", 6), Column("", _SLASH_CELLS, shown_from=MIDDLING))
    return Picker("Commands", columns, choices, hints=(("enter", "run"),))


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
        (Column("", 15), Column(""), Column("", _SLASH_CELLS, shown_from=WIDE)),
        choices,
        placeholder="type to filter",
        hints=(("enter", "do it"),),
    )


def _key_choice(action: Action, keymap: Keymap, group: str) -> Choice:
    keys = "  ".join(_shown_keys(action, keymap))
    cells = ((Span(keys),), (Span(action.title),), _slash(action))
    return Choice(action.name, cells, f"{keys} {action.title} {action.slash}", group)


def _first_key(action: Action, keymap: Keymap) -> str:
    return next(iter(_shown_keys(action, keymap)), "")


def _shown_keys(action: Action, keymap: Keymap) -> list[str]:
    """The keys for people: no function key that has a twin, since many terminals keep those."""
    typed = [key for key, name in KEYS_ON_EMPTY_COMPOSER.items() if name == action.name and key == "?"]
    bound = keymap.keys_of(action.name)
    return [shown(key) for key in (*typed, *(key for key in bound if not typed or not is_function_key(key)))]


def _slash(action: Action) -> tuple[Span, ...]:
    argument = f" {action.argument}" if action.argument else ""
    return (Span(f"/{action.slash}{argument}", "muted"),)
