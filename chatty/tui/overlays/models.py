"""The model picker: the models known now, others as soon as the server has named them, and any that is typed.

A list may lack what can be used all the same: some endpoints list nothing, and some not everything.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from chatty.rendering.sanitizer import sanitize
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

_FOR_A_CONVERSATION = (("enter", "use here"), ("^s", "make default"))
_FOR_ONE_ANSWER = (("enter", "answer with it"),)

_FULL_NAME = re.compile(r"[^\s/]+/\S+")
"""`PROVIDER/MODEL`."""


class ModelPicker(Picker):
    """Models by provider, the recent ones first. Picks `provider/model`; ^s, where it is not for one answer
    alone, makes it the default."""

    def __init__(
        self, models: Sequence[ModelRow], current: str, words: str = "", *, is_for_one_answer: bool = False
    ) -> None:
        has_abilities = any(row.abilities for row in models)
        self._current = current
        self._known = {row.id for row in models}
        super().__init__(
            "Model",
            (*_COLUMNS[:-1], replace(_COLUMNS[-1], title="can")) if has_abilities else _COLUMNS,
            model_choices(models, current),
            placeholder="type to filter: name, provider, free",
            hints=_FOR_ONE_ANSWER if is_for_one_answer else _FOR_A_CONVERSATION,
            keys=() if is_for_one_answer else ("ctrl+s",),
            at="" if words else current,
            words=words,
            note="$ per million tokens",
        )

    def show_models(self, models: Sequence[ModelRow]) -> None:
        """Show the models that are known by now."""
        self._known = {row.id for row in models}
        self.replace(model_choices(models, self._current))

    def own_choice(self, words: str) -> Choice | None:
        """A full name that no list has, as a line of its own."""
        name = sanitize(words.strip(), multiline=False)
        if not _FULL_NAME.fullmatch(name) or name in self._known | {self._current}:
            return None
        return _unlisted(name, "")


def model_choices(models: Sequence[ModelRow], current: str = "") -> list[Choice]:
    """The recent models and the one in use, then all others by provider."""
    recent = [_choice(row, "Recent") for row in models if row.is_recent]
    if _FULL_NAME.fullmatch(current) and not any(row.id == current for row in models):
        recent.append(_unlisted(current, "Recent"))
    others = [_choice(row, row.provider_title) for row in models if not row.is_recent]
    groups = list(dict.fromkeys(choice.group for choice in others))
    return [*recent, *sorted(others, key=lambda choice: groups.index(choice.group))]


def _unlisted(model_id: str, group: str) -> Choice:
    name = (Span(model_id),)
    return Choice(model_id, (name, (), (), (), (), (Span("not in the list", "muted"),)), model_id, group)


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
    words = f"{row.name} {row.id} {row.provider_title} {free} {' '.join(row.abilities)}"
    return Choice(row.id, cells, words, group)


def _context_words(tokens: int | None) -> str:
    if tokens is None:
        return ""
    return f"{tokens // 1000}k" if tokens < 1_000_000 else f"{tokens / 1_000_000:.0f}M"


def _price_words(usd: float | None) -> str:
    if usd is None:
        return ""
    return "free" if usd == 0 else f"{usd:.2f}"
