"""Page cursors: where the next page begins, as text that callers hand back and never read.

A cursor is bound to the list it was made for, filters included: with other ones its place would mean nothing.
It is not signed. Whatever it says, it is a place among the rows that the caller's scope holds anyway.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from typing import TypeVar

from chatty.store.database import Value
from chatty.store.errors import InvalidCursor
from chatty.store.rows import Page

T = TypeVar("T")

Key = tuple[int | str, ...]


class Listing:
    """One list: what it is of, and what narrows it. Two with the same words take each other's cursors."""

    def __init__(self, name: str, *filters: Value) -> None:
        words = json.dumps([name, *filters], separators=(",", ":"))
        self._mark = hashlib.sha256(words.encode()).hexdigest()[:12]

    def encode(self, key: Key) -> str:
        """Return the sort key of the last row of a page as an opaque word."""
        words = json.dumps([self._mark, *key], separators=(",", ":"))
        return base64.urlsafe_b64encode(words.encode()).decode().rstrip("=")

    def decode(self, cursor: str, *kinds: type) -> Key:
        """Return the key inside a cursor.

        Raises:
            InvalidCursor: it is of another list, or does not hold exactly values of these types.
        """
        try:
            mark, *key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise InvalidCursor from error
        if mark != self._mark or [type(value) for value in key] != list(kinds):
            raise InvalidCursor
        if any(isinstance(value, int) and not -(2**63) <= value < 2**63 for value in key):
            raise InvalidCursor
        if any(isinstance(value, str) and not value.isprintable() for value in key):
            raise InvalidCursor
        return tuple(key)

    def page(self, rows: list[T], limit: int, key: Callable[[T], Key]) -> Page[T]:
        """Make a page of at most `limit` of the rows, which were asked for with `limit + 1`."""
        if len(rows) <= limit:
            return Page(rows, None)
        return Page(rows[:limit], self.encode(key(rows[limit - 1])))
