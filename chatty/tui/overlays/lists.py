"""The lists one chooses from, made of the state: which columns, which words, which groups."""

from collections.abc import Iterable, Sequence

from chatty.tui.actions import ACTIONS, Action, Place
from chatty.tui.keymap import Keymap, shown
from chatty.tui.overlays.picker import Choice, Column, Picker
from chatty.tui.spans import Span
from chatty.tui.state import ConversationRow, Message, ModelRow, SearchHit
from chatty.tui.widgets.side_bar import group_name


def model_picker(models: Sequence[ModelRow], current: str) -> Picker:
    """Models by provider, the recent ones first; ^s makes one the default."""
    columns = (
        Column("model"),
        Column("context", 8, is_right=True),
        Column("$ in", 6, is_right=True),
        Column("$ out", 6, is_right=True),
        Column("can", 22, is_for_wide=True),
    )
    recent = [_model_choice(row, "Recent") for row in models if row.is_recent]
    by_provider = [_model_choice(row, row.provider_title) for row in models if not row.is_recent]
    return Picker(
        "Model",
        columns,
        [*recent, *_grouped(by_provider)],
        placeholder="type to filter: name, provider, free, images",
        hints=(("enter", "use here"), ("^s", "make default")),
        keys=("ctrl+s",),
        at=current,
        note="$ per million tokens",
    )


def _grouped(choices: Sequence[Choice]) -> list[Choice]:
    """The choices with each group together, groups in the order they first came."""
    groups = list(dict.fromkeys(choice.group for choice in choices))
    return sorted(choices, key=lambda choice: groups.index(choice.group))


def _model_choice(row: ModelRow, group: str) -> Choice:
    weight = "text" if row.has_key else "muted"
    can = (
        (Span(" ".join(row.abilities), "muted"),)
        if row.has_key
        else (Span("no key", "warning"), Span(" · asks for it", "muted"))
    )
    cells = (
        (Span(row.name, weight),),
        (Span(_context_words(row.context_tokens), "muted"),),
        (Span(_price_words(row.input_usd), "muted"),),
        (Span(_price_words(row.output_usd) if row.input_usd else "", "muted"),),
        can,
    )
    free = "free" if row.input_usd == 0 else ""
    words = f"{row.name} {row.provider} {row.provider_title} {free} {' '.join(row.abilities)}"
    return Choice(row.id, cells, words, group)


def _context_words(tokens: int | None) -> str:
    if tokens is None:
        return ""
    return f"{tokens // 1000}k" if tokens < 1_000_000 else f"{tokens / 1_000_000:.0f}M"


def _price_words(usd: float | None) -> str:
    if usd is None:
        return ""
    return "free" if usd == 0 else f"{usd:.2f}"


def chats_picker(rows: Iterable[ConversationRow], current: str) -> Picker:
    """All conversations, newest first, by day."""
    from datetime import date

    today = date.today()
    newest_first = sorted(rows, key=lambda row: row.touched_at_ms, reverse=True)
    choices = [
        Choice(
            row.id,
            ((Span(row.title),), (Span(row.project, "muted"),)),
            f"{row.title} {row.project}",
            group_name(row.touched_at_ms, today),
        )
        for row in newest_first
    ]
    return Picker("Chats", (Column(""), Column("", 20)), choices, hints=(("enter", "open"),), at=current)


def name_picker(name: str, names: Sequence[str], hint: str = "choose") -> Picker:
    """Plain names: projects, themes."""
    choices = [Choice(value, ((Span(value),),), value) for value in names]
    return Picker(name, (Column(""),), choices, hints=(("enter", hint),))


def prompt_picker(prompts: Sequence[tuple[str, str]]) -> Picker:
    """Prompts by name, with how they begin."""
    choices = [
        Choice(text, ((Span(name),), (Span(" ".join(text.split()), "muted"),)), f"{name} {text}")
        for name, text in prompts
    ]
    return Picker("Prompt", (Column("", 24), Column("")), choices, hints=(("enter", "insert"),))


def history_picker(prompts: Sequence[str]) -> Picker:
    """Earlier prompts, newest first."""
    choices = [Choice(text, ((Span(" ".join(text.split())),),), text) for text in reversed(prompts)]
    return Picker("Earlier prompts", (Column(""),), choices, hints=(("enter", "write again"),))


def find_picker(messages: Sequence[Message], words: str = "") -> Picker:
    """The messages of this conversation, found by their text."""
    choices = [
        Choice(
            message.id,
            (
                (Span(message.model or message.author_name or "you", bold=True),),
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
        Choice(f"{hit.conversation_id} {hit.message_id}", ((Span(hit.snippet),),), hit.snippet, hit.title)
        for hit in hits
    ]


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
