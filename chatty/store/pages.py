"""Page cursors: where the next page begins, as text that callers hand back and never read."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import TypeVar

from chatty.store.errors import InvalidCursor
from chatty.store.rows import Page

T = TypeVar("T")

Key = tuple[int | str, ...]


def encode_cursor(key: Key) -> str:
    """Return the sort key of the last row of a page as an opaque word."""
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> Key:
    """Return the key inside a cursor.

    Raises:
        InvalidCursor: it does not hold exactly values of these types.
    """
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidCursor from error
    if not isinstance(key, list) or [type(value) for value in key] != list(kinds):
        raise InvalidCursor
    if any(isinstance(value, int) and not -(2**63) <= value < 2**63 for value in key):
        raise InvalidCursor
    if any(isinstance(value, str) and not value.isprintable() for value in key):
        raise InvalidCursor
    return tuple(key)


def page(rows: list[T], limit: int, key: Callable[[T], Key]) -> Page[T]:
    """Make a page of at most `limit` of the rows, which were asked for with `limit + 1`."""
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], encode_cursor(key(rows[limit - 1])))
