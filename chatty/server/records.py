"""The event that tells of a changed conversation, written with the change.

Its body shows the conversation as it is after the event, so that whoever applies it and whoever reads
the conversation later see the same.
"""

from dataclasses import replace

from chatty.server import wire
from chatty.store import conversations, events, rows, runs
from chatty.store.database import Scope, Work

Changed = tuple[rows.Conversation, list[rows.StoredEvent]]
"""A conversation after a change, and the events that tell of it."""


def record(scope: Scope, row: rows.Conversation, event_type: str, at_ms: int) -> Work[Changed]:
    """Append the event of this type. Raises NotFound."""
    active = yield from runs.list_active(scope, row.id)
    data = {"conversation": after_event(row, at_ms, is_answering=bool(active))}
    stored = yield from events.append(scope, row.id, [(event_type, scope.user_id, data)], at_ms)
    after = yield from conversations.find(scope, row.id)
    assert after is not None, "its event was appended in this transaction"
    return after, stored


def after_event(row: rows.Conversation, at_ms: int, *, is_answering: bool = False) -> dict[str, object]:
    """Return a conversation as clients see it once the event that is about to be appended is there."""
    ahead = replace(row, head_seq=row.head_seq + 1, updated_at=at_ms)
    return wire.plain(wire.conversation(ahead, is_answering=is_answering))
