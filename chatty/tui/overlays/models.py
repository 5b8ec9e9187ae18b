"""The model picker: the models known now, and others as soon as the server has named them."""

from collections.abc import Sequence
from dataclasses import replace

from chatty.tui.overlays.picker import MIDDLING, WIDE, Choice, Column, Picker
from chatty.tui.spans import Span
from chatty.tui.state import ModelRow

_COLUMNS = (
    Column("model"),
    Column("", 6, shown_below=WIDE),
    Column("context", 8, is_right=True),
    Column("$ in", 6, is_right=True, shown_from=MIDDLING),
    Column("$ out", 6, is_right=True, shown_from=MIDDLING),
    Column("", 22, shown_from=WIDE),
)
"""The last says what a model can do; it has a name once that is known of any."""


class ModelPicker(Picker):
    """Models by provider, the recent ones first; ^s makes one the default. Picks `provider/model`."""

    def __init__(self, models: Sequence[ModelRow], current: str) -> None:
        has_abilities = any(row.abilities for row in models)
        super().__init__(
            "Model",
            (*_COLUMNS[:-1], replace(_COLUMNS[-1], title="can")) if has_abilities else _COLUMNS,
            model_choices(models),
            placeholder="type to filter: name, provider, free",
            hints=(("enter", "use here"), ("^s", "make default")),
            keys=("ctrl+s",),
            at=current,
            note="$ per million tokens",
        )

    def show_models(self, models: Sequence[ModelRow]) -> None:
        """Show the models that are known by now."""
        self.replace(model_choices(models))


def model_choices(models: Sequence[ModelRow]) -> list[Choice]:
    """The recent models, then all others by provider."""
    recent = [_choice(row, "Recent") for row in models if row.is_recent]
    others = [_choice(row, row.provider_title) for row in models if not row.is_recent]
    groups = list(dict.fromkeys(choice.group for choice in others))
    return [*recent, *sorted(others, key=lambda choice: groups.index(choice.group))]


def _choice(row: ModelRow, group: str) -> Choice:
    weight = "text" if row.has_key else "muted"
    can = (
        (Span(" ".join(row.abilities), "muted"),)
        if row.has_key
        else (Span("no key", "warning"), Span(" · asks for it", "muted"))
    )
    cells = (
        (Span(row.name, weight),),
        (Span("" if row.has_key else "no key", "warning"),),
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
