"""Settings by name, as ``chatty config`` reads and changes them: what the environment says goes first.

``chatty.client.settings`` knows them and the file.
"""

import os
from typing import Annotated, Any

import typer

from chatty.cli.preferences import VARIABLES
from chatty.client.locations import Locations


def complete_settings(incomplete: str) -> list[str]:
    """Offer the names of settings."""
    return [key for key in known_keys() if key.startswith(incomplete)]


Key = Annotated[
    str, typer.Argument(metavar="KEY", help="The setting's name.", autocompletion=complete_settings)
]


def known_keys() -> list[str]:
    """Return the names of all settings."""
    # pydantic: about 100 ms, for this group and the doctor alone.
    from chatty.client import settings

    return settings.known_keys()


def current_value(key: str) -> Any:
    """Return the value that a setting has here.

    Raises:
        ProtocolError: no such setting, with the nearest known name; the file cannot be read.
    """
    from chatty.client import settings

    return _from_environment(key) or settings.get(_path(), key)


def change(key: str, value: str) -> Any:
    """Change a setting in the file and return its value there.

    Raises:
        ProtocolError: no such setting, a value that it cannot have, a file that cannot be written.
    """
    from chatty.client import settings

    return settings.set(_path(), key, value)


def all_settings() -> list[dict[str, Any]]:
    """Return ``{key, value, from, means}`` for every setting; ``from`` is the nearest place that says it."""
    from chatty.client import settings

    return [_as_it_is_here(row) for row in settings.describe(_path())]


def _as_it_is_here(row: dict[str, Any]) -> dict[str, Any]:
    said = _from_environment(row["key"])
    return {**row, "value": said, "from": "environment"} if said else row


def _from_environment(key: str) -> str | None:
    variable = VARIABLES.get(key)
    return None if variable is None else os.environ.get(variable) or None


def shown(value: object) -> str:
    """Return a value as people write it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _path() -> str:
    return Locations.from_environment(os.environ).config_file
