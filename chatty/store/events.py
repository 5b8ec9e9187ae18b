"""The log of a conversation: durable changes with a gap-free number, written with the change itself.

The number comes from `UPDATE … SET head_seq = head_seq + n … RETURNING`: the row lock makes the order of
numbers the order of commits. Never `max(seq) + 1`, never a sequence: both become visible out of order.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound
from chatty.store.rows import StoredEvent, columns
from chatty.store.statements import Conditions, from_rows, padded, placeholders

_COLUMNS = columns(StoredEvent)

EventToAppend = tuple[str, str | None, Mapping[str, object]]
"""Type, actor and data of an event; the data is anything msgspec can write as JSON."""

_ROWS_PER_INSERT = 16


def append(
    scope: Scope, conversation_id: str, events: Sequence[EventToAppend], at_ms: int
) -> Work[list[StoredEvent]]:
    """Append events to the conversation's log and return them as stored, in order.

    `body` is the exact text that goes on the wire. Nothing else may write `head_seq`.

    Raises:
        NotFound: no such conversation in this scope, or its text was purged.
    """
    if not events:
        return []
    rows = yield (
        "UPDATE conversations SET head_seq = head_seq + $3, updated_at = $4"
        " WHERE workspace_id = $1 AND id = $2 AND purged_at IS NULL RETURNING head_seq",
        (scope.workspace_id, conversation_id, len(events), at_ms),
    )
    if not rows:
        raise NotFound("conversation", conversation_id)
    first_seq = rows[0]["head_seq"] - len(events) + 1
    stored = [
        _stored(conversation_id, first_seq + position, event, at_ms) for position, event in enumerate(events)
    ]
    for begin in range(0, len(stored), _ROWS_PER_INSERT):
        yield _insert(scope, stored[begin : begin + _ROWS_PER_INSERT])
    return stored


def tail(
    scope: Scope, conversation_id: str, since_seq: int, max_rows: int = 500, max_bytes: int = 262_144
) -> Work[list[StoredEvent] | None]:
    """Return all events after `since_seq` in order, or None when they cannot be given whole.

    None means: take a snapshot. `since_seq` lies below the floor or above the head, or the events are more
    than `max_rows` or (counting their bodies' UTF-8) `max_bytes`.

    Raises:
        NotFound: no such conversation in this scope.
    """
    rows = yield (
        "SELECT head_seq, floor_seq FROM conversations WHERE workspace_id = $1 AND id = $2",
        (scope.workspace_id, conversation_id),
    )
    if not rows:
        raise NotFound("conversation", conversation_id)
    floor, head = rows[0]["floor_seq"], rows[0]["head_seq"]
    if not (isinstance(floor, int) and isinstance(head, int)):
        return None  # a damaged row: what can be read of it is told as a whole
    if not floor <= since_seq <= head or head - since_seq > max_rows:
        return None
    rows = yield (
        f"SELECT {_COLUMNS} FROM events"
        " WHERE workspace_id = $1 AND conversation_id = $2 AND seq > $3 ORDER BY seq",
        (scope.workspace_id, conversation_id, since_seq),
    )
    events = from_rows(StoredEvent, rows)
    if sum(len(event.body.encode()) for event in events) > max_bytes:
        return None
    return events


def heads(scope: Scope, conversation_ids: Sequence[str]) -> Work[dict[str, int]]:
    """Return the newest event number of each of the conversations that exist in this scope."""
    if not conversation_ids:
        return {}
    ids = padded(conversation_ids)
    rows = yield (
        "SELECT id, head_seq FROM conversations"
        f" WHERE workspace_id = $1 AND id IN ({placeholders(2, len(ids))})",
        (scope.workspace_id, *ids),
    )
    return {row["id"]: row["head_seq"] for row in rows}


def prune(
    scope: Scope, conversation_id: str, keep_rows: int = 2000, before_ms: int | None = None
) -> Work[int]:
    """Drop old events, raise the floor and return it.

    Dropped are those beyond the newest `keep_rows`, and those older than `before_ms`.

    Raises:
        NotFound: no such conversation in this scope.
    """
    rows = yield (
        "SELECT head_seq - $3 AS by_count, (SELECT MAX(e.seq) FROM events e WHERE e.workspace_id = $1"
        " AND e.conversation_id = $2 AND e.at < $4) AS by_age"
        " FROM conversations WHERE workspace_id = $1 AND id = $2",
        (scope.workspace_id, conversation_id, keep_rows, before_ms),
    )
    if not rows:
        raise NotFound("conversation", conversation_id)
    return (yield from drop_through(scope, conversation_id, max(rows[0]["by_count"], rows[0]["by_age"] or 0)))


def drop_mentions(scope: Scope, conversation_id: str, message_id: str) -> Work[None]:
    """Drop every event up to the newest that mentions the message, so that none repeats its text."""
    where = Conditions(
        "workspace_id = $1", "conversation_id = $2", arguments=(scope.workspace_id, conversation_id)
    )
    where.add("body LIKE {}", f"%{message_id}%")
    rows = yield (f"SELECT MAX(seq) AS newest FROM events WHERE {where.text}", where.arguments)
    if rows[0]["newest"] is not None:
        yield from drop_through(scope, conversation_id, rows[0]["newest"])


def drop_through(scope: Scope, conversation_id: str, seq: int) -> Work[int]:
    """Drop the events up to this number and return the new floor; readers below it take a snapshot."""
    rows = yield (
        "UPDATE conversations SET floor_seq = CASE WHEN floor_seq > $3 THEN floor_seq ELSE $3 END"
        " WHERE workspace_id = $1 AND id = $2 RETURNING floor_seq",
        (scope.workspace_id, conversation_id, seq),
    )
    floor: int = rows[0]["floor_seq"]
    yield (
        "DELETE FROM events WHERE workspace_id = $1 AND conversation_id = $2 AND seq <= $3",
        (scope.workspace_id, conversation_id, floor),
    )
    return floor


def _stored(conversation_id: str, seq: int, event: EventToAppend, at_ms: int) -> StoredEvent:
    type_, actor, _ = event
    return StoredEvent(
        conversation_id, seq, type_, actor, at_ms, wire_body(conversation_id, seq, event, at_ms)
    )


def wire_body(conversation_id: str, seq: int, event: EventToAppend, at_ms: int) -> str:
    """Return the notification that carries the event, as JSON text."""
    import msgspec  # 10 ms: only a process that writes events pays for it

    type_, actor, data = event
    params = {
        "conversation_id": conversation_id,
        "seq": seq,
        "type": type_,
        "at": wire_time(at_ms),
        "actor": actor,
        "data": data,
    }
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "event", "params": params}).decode()


def wire_time(at_ms: int) -> str:
    """Return the time as RFC 3339 in UTC with milliseconds, `2026-01-31T09:30:00.250Z`."""
    seconds, milliseconds = divmod(at_ms, 1000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def _insert(scope: Scope, events: Sequence[StoredEvent]) -> tuple[str, tuple[str | int | None, ...]]:
    width = 7
    groups = ", ".join(f"({placeholders(1 + width * row, width)})" for row in range(len(events)))
    return (
        f"INSERT INTO events (workspace_id, {_COLUMNS}) VALUES {groups}",
        tuple(
            value
            for event in events
            for value in (
                scope.workspace_id,
                event.conversation_id,
                event.seq,
                event.type,
                event.actor,
                event.at,
                event.body,
            )
        ),
    )
