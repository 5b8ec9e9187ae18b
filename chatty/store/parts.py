"""The content of messages: typed pieces, each with a text and the rest as JSON."""

from collections.abc import Sequence

from chatty.store import search
from chatty.store.database import Scope, Statement, Work
from chatty.store.errors import NotFound
from chatty.store.rows import NewPart, Part, PartSlice, columns
from chatty.store.statements import from_rows, padded, placeholders, storable

_COLUMNS = columns(Part)
_WIDTH = 8
_MESSAGES_PER_QUERY = 512
_PARTS_PER_INSERT = 64


def of_messages(scope: Scope, message_ids: Sequence[str]) -> Work[dict[str, list[Part]]]:
    """Return the parts of each message in order; a message without parts has an empty list."""
    parts: dict[str, list[Part]] = {message_id: [] for message_id in message_ids}
    for begin in range(0, len(message_ids), _MESSAGES_PER_QUERY):
        ids = padded(message_ids[begin : begin + _MESSAGES_PER_QUERY])
        rows = yield (
            f"SELECT {_COLUMNS} FROM message_parts WHERE workspace_id = $1"
            f" AND message_id IN ({placeholders(2, len(ids))}) ORDER BY message_id, idx",
            (scope.workspace_id, *ids),
        )
        for part in from_rows(Part, rows):
            parts[part.message_id].append(part)
    return parts


def read(scope: Scope, message_id: str, idx: int, start: int = 0, limit: int = 65_536) -> Work[PartSlice]:
    """Return at most `limit` code points of a part's text from `start` on.

    Raises:
        NotFound: there is no such part in this scope.
    """
    rows = yield (
        "SELECT substr(COALESCE(text, ''), $4, $5) AS piece, length(COALESCE(text, '')) AS length, g, status"
        " FROM message_parts WHERE workspace_id = $1 AND message_id = $2 AND idx = $3",
        (scope.workspace_id, message_id, idx, start + 1, limit),
    )
    if not rows:
        raise NotFound("part", f"{message_id}/{idx}")
    row = rows[0]
    return PartSlice(start, row["piece"], row["length"], row["g"], row["status"])


def put(scope: Scope, message_id: str, idx: int, part: NewPart) -> Work[None]:
    """Write one part, in place of the one that was there.

    The message leaves the search index, whose entries can only be removed while the old text is known;
    `messages.finish` puts it back.
    """
    yield from search.remove_message(scope, message_id)
    yield _insert(
        scope,
        message_id,
        idx,
        (part,),
        " ON CONFLICT (workspace_id, message_id, idx) DO UPDATE SET type = excluded.type,"
        " text = excluded.text, data = excluded.data, status = excluded.status, g = excluded.g",
    )


def insert(scope: Scope, message_id: str, parts: Sequence[NewPart]) -> Work[None]:
    """Write the parts of a message that has none."""
    for begin in range(0, len(parts), _PARTS_PER_INSERT):
        yield _insert(scope, message_id, begin, parts[begin : begin + _PARTS_PER_INSERT], "")


def _insert(
    scope: Scope, message_id: str, first_idx: int, parts: Sequence[NewPart], conflict: str
) -> Statement:
    groups = ", ".join(f"({placeholders(1 + _WIDTH * row, _WIDTH)})" for row in range(len(parts)))
    return (
        f"INSERT INTO message_parts (workspace_id, {_COLUMNS}) VALUES {groups}{conflict}",
        tuple(
            value
            for idx, part in enumerate(parts, first_idx)
            for value in (
                scope.workspace_id,
                message_id,
                idx,
                part.type,
                storable(part.text),
                part.data,
                part.status,
                part.g,
            )
        ),
    )
