"""What the server tells without being asked: durable events, deltas, signals and notices."""

from typing import Any, Final

from chatty.protocol.base import JsonObject, Timestamp, WireModel

EVENT_TYPES: Final = (
    "conversation.created",
    "conversation.updated",
    "conversation.archived",
    "conversation.restored",
    "conversation.deleted",
    "conversation.forked",
    "message.created",
    "message.updated",
    "run.queued",
    "run.started",
    "run.waiting",
    "run.finished",
    "part.started",
    "part.completed",
    "part.reset",
)
"""Known durable event types. Unknown ones are ignored, but still advance ``seq``."""


class EventNotification(WireModel):
    """A durable change. ``seq`` is contiguous within a conversation."""

    conversation_id: str
    seq: int
    type: str
    at: Timestamp
    actor: str | None = None
    """Id of the user who caused it; ``None``: the server."""
    data: JsonObject


class DeltaNotification(WireModel):
    """A piece of a completion in flight. Idempotent: it says where it belongs."""

    c: str
    """Conversation."""
    m: str
    """Message."""
    p: int
    """Index of the part."""
    o: int
    """Offset in code points."""
    d: str
    """The text."""
    g: int = 0
    """Generation of the part."""
    t: str = "text"
    """Type of the part; written on its first delta only, and only when it is not text."""


class SignalNotification(WireModel):
    """Ephemeral news; may be dropped or merged."""

    topic: str
    type: str
    data: JsonObject
    ttl_ms: int | None = None


class NoticeNotification(WireModel):
    """Word about the connection."""

    type: str
    reconnect_after_ms: int | None = None
    """``draining``: come back after this time."""
    conversation_id: str | None = None
    reason: str | None = None
    heads: dict[str, int] | None = None
    """``heads``: conversation -> newest ``seq``, so that a lost last event is noticed."""


NOTIFICATION_MODELS: Final[dict[str, type[Any]]] = {
    "event": EventNotification,
    "delta": DeltaNotification,
    "signal": SignalNotification,
    "notice": NoticeNotification,
}
"""Notification method -> the model of its parameters."""
