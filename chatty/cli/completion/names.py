"""Names that only the server knows, for completion: at once or not at all.

Pressing tab starts no server, waits for none, and prints no error.
"""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 1.0


def conversations(incomplete: str) -> list[tuple[str, str]]:
    """Return id and title of the newest conversations, and ``last``."""
    rows = [("last", "the newest conversation")]
    rows += [(row["id"], row["title"]) for row in _items("conversation.list", {"limit": 50})]
    return [row for row in rows if row[0].startswith(incomplete)]


def models(incomplete: str) -> list[str]:
    """Return the models that can be asked now."""
    return [row["id"] for row in _items("model.list", {}) if row["id"].startswith(incomplete)]


def projects(incomplete: str) -> list[str]:
    """Return the names of projects."""
    return _names("project.list", {"limit": 200}, incomplete)


def prompts(incomplete: str) -> list[str]:
    """Return the names of prompts."""
    return _names("prompt.list", {"limit": 200}, incomplete)


def providers(incomplete: str) -> list[str]:
    """Return the names of providers."""
    return _names("provider.list", {}, incomplete)


def _names(method: str, params: dict[str, Any], incomplete: str) -> list[str]:
    return [row["name"] for row in _items(method, params) if row["name"].startswith(incomplete)]


def _items(method: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    return _or_nothing(lambda: _ask(method, params))


def _ask(method: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    from chatty.cli.session import Session

    rows: list[dict[str, Any]] = Session(start=False).call(method, params, timeout_seconds=PATIENCE_SECONDS)[
        "items"
    ]
    return rows


def _or_nothing(ask: Callable[[], list[T]]) -> list[T]:
    from chatty.protocol.errors import ProtocolError

    try:
        return ask()
    except ProtocolError:
        return []
