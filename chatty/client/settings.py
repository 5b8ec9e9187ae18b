"""What people set in ``config.toml``: the models, reading, and changing one setting without harm.

Importing this loads nothing heavy; pydantic (35 ms) comes with ``Settings``, which one-shot commands
do without: they use ``read_raw``. Keys and server credentials are never settings. Nothing in the
current directory is read.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

from chatty.client.errors import link_error
from chatty.client.private import ensure_private_directory, forget_unfinished, unusable, write_durably

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from chatty.client.settings_models import Settings

KEYS_TABLE = "keys"
"""The one table whose names are free: actions of the full-screen client and their keys."""

_TABLES: dict[str, tuple[str, ...]] = {
    "screen": ("theme", "ascii_glyphs"),
    "server": ("idle_minutes",),
}
"""The tables of ``Settings`` by name, for those who do not load it; a test holds the two together."""


def read_raw(path: str) -> dict[str, Any]:
    """Return the file's tables as they are, not validated; nothing when there is no file.

    Raises:
        ProtocolError: ``invalid_params/config``, when it is not TOML; ``storage/…``.
    """
    import tomllib  # 11 ms, for those who wrote a file

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unusable(path, error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise link_error("invalid_params/config", f"{path} is not valid TOML: {error}.", path=path) from error


def read_model(path: str) -> str | None:
    """Return the setting ``model`` without loading pydantic, unless something in the file looks wrong.

    Raises:
        ProtocolError: as ``load``.
    """
    raw = read_raw(path)
    model = raw.get("model")
    if not _is_familiar(raw) or model == "" or not isinstance(model, str | None):
        return _validated(raw, path).model
    return model


def load(path: str) -> Settings:
    """Return all settings, those from the file and the others as they come.

    Raises:
        ProtocolError: ``invalid_params/config``, naming the setting that is unknown (with the nearest
            known one) or has a value that it cannot have; ``storage/…``.
    """
    return _validated(read_raw(path), path)


def known_keys() -> list[str]:
    """Return the dotted names of all settings, except those of the free table ``keys``."""
    from chatty.client.settings_models import fields

    return list(fields())


def get(path: str, key: str) -> Any:
    """Return the value of a setting by its dotted name: from the file, else the one it comes with.

    Raises:
        ProtocolError: as ``load``.
    """
    _require_known(key)
    value: Any = load(path).model_dump()
    for piece in key.split("."):
        value = value.get(piece) if isinstance(value, dict) else None
    return value


def set(path: str, key: str, value: str) -> Any:
    """Change a setting and return its value; the rest of the file, comments too, stays as it is.

    Args:
        value: as people write it; empty: back to what it comes with.

    Raises:
        ProtocolError: as ``load``; ``storage/…``, when the file cannot be written: it is unchanged then.
    """
    import tomlkit

    _require_known(key)
    with _alone(path):
        document = tomlkit.parse(_text(path))
        _validated(document.unwrap(), path)
        _put(document, key.split("."), _parsed(key, value) if value else None)
        _validated(document.unwrap(), path)
        target = os.path.realpath(path)  # a link, to a repository of dotfiles for example, stays one
        try:
            forget_unfinished(target)
            write_durably(target, tomlkit.dumps(document).encode())
        except OSError as error:
            raise unusable(path, error) from error
    return get(path, key)


def describe(path: str) -> list[dict[str, Any]]:
    """Return ``{key, value, from, means}`` for every setting; ``from`` is ``file`` or ``default``.

    Raises:
        ProtocolError: as ``load``.
    """
    from chatty.client.settings_models import fields

    raw = read_raw(path)
    _validated(raw, path)
    rows = [
        {
            "key": key,
            "value": get(path, key),
            "from": "file" if _is_given(raw, key.split(".")) else "default",
            "means": (field.description or "").replace("``", ""),
        }
        for key, field in fields().items()
    ]
    return rows + [
        {"key": f"{KEYS_TABLE}.{action}", "value": keys, "from": "file", "means": f"Keys of {action}."}
        for action, keys in raw.get(KEYS_TABLE, {}).items()
    ]


def _is_familiar(raw: dict[str, Any]) -> bool:
    """Tell whether every name in the file is known; values are not looked at."""
    tables = {name: value for name, value in raw.items() if name not in ("model", KEYS_TABLE)}
    return all(
        name in _TABLES and isinstance(value, dict) and value.keys() <= {*_TABLES[name]}
        for name, value in tables.items()
    )


def _validated(raw: dict[str, Any], path: str) -> Settings:
    from pydantic import ValidationError

    from chatty.client.settings_models import Settings

    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(piece) for piece in first["loc"])
        if first["type"] == "extra_forbidden":
            raise _unknown(key, path) from None
        raise link_error(
            "invalid_params/config",
            f"{path}: the setting {key} is wrong: {first['msg']}.",
            path=path,
            key=key,
        ) from None


def _require_known(key: str) -> None:
    from chatty.client.settings_models import fields

    if key not in fields() and not (key.startswith(f"{KEYS_TABLE}.") and key.count(".") == 1):
        raise _unknown(key, None)


def _unknown(key: str, path: str | None) -> Exception:
    from difflib import get_close_matches

    nearest = get_close_matches(key, known_keys(), n=1, cutoff=0.5)
    hint = f" Did you mean {nearest[0]}?" if nearest else " `chatty config list` shows all."
    where = f"{path}: " if path else ""
    return link_error(
        "invalid_params/config", f"{where}there is no setting {key!r}.{hint}", key=key, nearest=nearest
    )


def _parsed(key: str, value: str) -> Any:
    """Read a value as people write it, by the type of its setting."""
    from pydantic import TypeAdapter, ValidationError

    from chatty.client.settings_models import fields

    if key.startswith(f"{KEYS_TABLE}."):
        return [piece.strip() for piece in value.split(",")]
    annotation: Any = fields()[key].annotation
    try:
        return TypeAdapter(annotation).validate_strings(value)
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise link_error("invalid_params/config", f"{key} cannot be {value!r}: {reason}.", key=key) from None


def _put(document: Any, pieces: list[str], value: Any) -> None:
    """Set or remove one value, making the tables on the way."""
    import tomlkit

    *tables, name = pieces
    for table in tables:
        if table not in document:
            document[table] = tomlkit.table()
        document = document[table]
    if value is None:
        document.pop(name, None)
    else:
        document[name] = value


def _is_given(raw: dict[str, Any], pieces: list[str]) -> bool:
    found: Any = raw
    for piece in pieces:
        if not isinstance(found, dict) or piece not in found:
            return False
        found = found[piece]
    return True


def _text(path: str) -> str:
    read_raw(path)  # says in our words when it is not TOML
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Keep other programs from changing the file between our reading and our writing."""
    import fcntl

    directory = os.path.dirname(path)
    ensure_private_directory(directory)
    try:
        descriptor = os.open(
            os.path.join(directory, ".config.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
    except OSError as error:
        raise unusable(directory, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
