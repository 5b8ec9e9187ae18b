"""Small pieces for building the one SQL text both engines understand.

Values never enter the text: everything a caller gives becomes a `$n`. Only names written in this package
(columns, tables) are put together here.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from chatty.store.database import Row, Statement, Value

logger = logging.getLogger(__name__)

R = TypeVar("R")
V = TypeVar("V", str, int)


def placeholders(first: int, count: int) -> str:
    """Return `$first, …` for a list of `count` values, for `IN (…)`.

    The engines differ in how they take a list as one argument, so a list is spelled out; `padded` keeps the
    number of different texts, and with it the number of prepared statements, small.
    """
    return ", ".join(f"${number}" for number in range(first, first + count))


def padded(values: Sequence[V]) -> tuple[V, ...]:
    """Repeat the last value until the length is a power of two. The values must not be empty."""
    missing = (1 << (len(values) - 1).bit_length()) - len(values)
    return tuple(values) + (values[-1],) * missing


class Conditions:
    """`WHERE` clauses gathered one by one, each with its values numbered as they come."""

    def __init__(self, *clauses: str, arguments: Iterable[Value] = ()) -> None:
        self._clauses = list(clauses)
        self._arguments = list(arguments)

    def bind(self, value: Value) -> str:
        """Add an argument and return its placeholder."""
        self._arguments.append(value)
        return f"${len(self._arguments)}"

    def add(self, template: str, *values: Value) -> None:
        """Add a clause; each `{}` in the template stands for one value."""
        self._clauses.append(template.format(*(self.bind(value) for value in values)))

    @property
    def text(self) -> str:
        """All clauses joined by AND."""
        return " AND ".join(self._clauses)

    @property
    def arguments(self) -> tuple[Value, ...]:
        """The arguments in the order of their numbers."""
        return tuple(self._arguments)


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(value: Value) -> Value:
    """Return text without what cannot be kept: NUL (PostgreSQL) and halves of surrogate pairs (both).

    Each becomes U+FFFD, so lengths and offsets do not change. Other values pass.
    """
    if isinstance(value, str) and _UNSTORABLE.search(value):
        return _UNSTORABLE.sub("\ufffd", value)
    return value


def insert(table: str, row: object, *, conflict: str = "ON CONFLICT DO NOTHING") -> Statement:
    """Return the insert of one row dataclass whose field names are the table's columns.

    With the default conflict rule the statement returns the row's columns, or nothing when it exists.
    """
    names: tuple[str, ...] = type(row).__slots__  # type: ignore[attr-defined]
    return _insert_text(table, names, conflict), tuple(storable(getattr(row, name)) for name in names)


@cache
def _insert_text(table: str, names: tuple[str, ...], conflict: str) -> str:
    listed = ", ".join(names)
    marks = placeholders(1, len(names))
    return f"INSERT INTO {table} ({listed}) VALUES ({marks}) {conflict} RETURNING {listed}"


def first(kind: type[R], rows: Sequence[Row]) -> R | None:
    """Turn the first row, if there is one, into its dataclass."""
    return from_row(kind, rows[0]) if rows else None


def from_row(kind: type[R], row: Iterable[Any]) -> R:
    """Build the dataclass from a row selected with `columns(kind)`, that is in field order.

    A value of a type that its column never holds is the mark of a damaged page: it is read as the nearest
    value of the right type, so that one bad row does not keep anybody from the others.
    """
    make: Any = kind
    for value, kinds in zip(row, _field_types(make), strict=True):
        if type(value) not in kinds:
            row = _mended(make, row)
            break
    result: R = make(*row)
    return result


def from_rows(kind: type[R], rows: Sequence[Row]) -> list[R]:
    """Build one dataclass per row."""
    return [from_row(kind, row) for row in rows]


@cache
def _field_types(kind: Any) -> tuple[frozenset[type], ...]:
    """Return which types the values of each field may have, in field order."""
    hints = get_type_hints(kind)
    return tuple(frozenset(_plain_types(hints[name])) for name in kind.__slots__)


def _plain_types(hint: Any) -> Iterable[type]:
    if get_origin(hint) is Literal:
        return {type(value) for value in get_args(hint)}
    if get_args(hint):
        return {plain for part in get_args(hint) for plain in _plain_types(part)}
    # A yes or no comes as 0 or 1 from one engine and as itself from the other.
    return {int, bool} if hint in (int, bool) else {hint}


def _mended(kind: Any, row: Iterable[Any]) -> list[Any]:
    wrong = [
        name
        for name, value, kinds in zip(kind.__slots__, row, _field_types(kind), strict=True)
        if type(value) not in kinds
    ]
    logger.warning("a damaged row of %s was read without its %s", kind.__name__, ", ".join(wrong))
    return [_nearest(value, kinds) for value, kinds in zip(row, _field_types(kind), strict=True)]


def _nearest(value: Any, kinds: frozenset[type]) -> Any:
    if type(value) in kinds:
        return value
    if type(None) in kinds:
        return None
    if str in kinds:
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
    return 0
