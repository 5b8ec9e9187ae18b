"""The settings there are, with their types, defaults and meanings; the reference page is made from this."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class ScreenSettings(_Table):
    """How the full-screen client looks and listens."""

    theme: str = "chatty-dark"
    """Name of the theme."""

    ascii_glyphs: bool = False
    """Draw with ASCII alone, for fonts without line-drawing characters."""

    editing: Literal["shell", "vim"] = "shell"
    """Keys of the composer: those of a shell, or vim's."""

    escape_delay_ms: Annotated[int, Field(ge=0, le=1000)] = 100
    """How long after `esc` another key still belongs to it, in milliseconds; less over no network."""


class LocalServerSettings(_Table):
    """The server that is started on this machine when it is needed."""

    idle_minutes: Annotated[float, Field(ge=0)] = 30.0
    """Leave after this long without clients and answers; 0: never."""


class Settings(_Table):
    """Everything in ``config.toml``."""

    model: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    """Which model answers when none is named, as PROVIDER/MODEL."""

    name_conversations: bool = True
    """Let a model give new conversations of the full-screen client a title."""

    screen: ScreenSettings = ScreenSettings()
    server: LocalServerSettings = LocalServerSettings()

    keys: dict[str, list[str] | str] = {}
    """Actions of the full-screen client and the keys they have instead of the usual ones."""


def fields() -> dict[str, FieldInfo]:
    """Return every setting by its dotted name, in order; the free table ``keys`` is left out."""
    found: dict[str, FieldInfo] = {}
    for name, field in Settings.model_fields.items():
        table = field.annotation
        if isinstance(table, type) and issubclass(table, _Table):
            found |= {f"{name}.{inner}": below for inner, below in table.model_fields.items()}
        elif name != "keys":
            found[name] = field
    return found
