"""The settings there are, with their types, defaults and meanings; the reference page is made from this."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

Theme = Literal["auto", "chatty-dark", "chatty-light", "terminal-dark", "terminal-light", "no-colour"]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class ScreenSettings(_Table):
    """How the full-screen client looks and listens."""

    theme: Theme = "auto"
    """Colours; ``auto``: dark or light, as the terminal says."""

    ascii_glyphs: bool = False
    """Draw with ASCII alone, for fonts without line-drawing characters."""


class LocalServerSettings(_Table):
    """The server that is started on this machine when it is needed."""

    idle_minutes: Annotated[float, Field(ge=0)] = 30.0
    """Leave after this long without clients and answers; 0: never."""


class Settings(_Table):
    """Everything in ``config.toml``."""

    model: Annotated[str, Field(min_length=1, max_length=300)] | None = None
    """Which model answers when none is named, as PROVIDER/MODEL."""

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
