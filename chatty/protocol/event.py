"""What the server tells without being asked: durable events, deltas, signals and notices."""

from typing import Any, Final

from chatty.protocol.base import JsonObject, Timestamp, WireModel
from chatty.protocol.conversation import Conversation
from chatty.protocol.message import Message
from chatty.protocol.part import Part
from chatty.protocol.run import Run, Usage


class ConversationChanged(WireModel):
    """The conversation was made, changed, put away, brought back, deleted, or copied from another one."""

    conversation: Conversation
    """As it is after this event."""


class MessageCreated(WireModel):
    """A message was added. A reply is added empty; its parts follow."""

    message: Message


class MessageUpdated(WireModel):
    """A message was changed, other than by its run. This version of the server never sends it."""

    message_id: str
    parts: list[Part] | None = None


class RunQueued(WireModel):
    """A run is to fill a reply: one just created, or one that ended early and goes on."""

    run: Run


class RunStarted(WireModel):
    """The provider is being asked. A run that had to wait says it again."""

    run_id: str
    message_id: str
    """The reply."""
    provider: str
    model: str


class RunWaiting(WireModel):
    """The run cannot go on until somebody does something."""

    run_id: str
    message_id: str
    reason: str
    """``key_missing``."""
    provider: str


class RunFinished(WireModel):
    """The run has ended, and the reply with it."""

    run_id: str
    message_id: str
    status: str
    """``completed``, ``cancelled``, ``failed`` or ``interrupted``."""
    provider: str
    model: str
    finish_reason: str | None = None
    """Why generation stopped: ``stop``, ``length``, ``content_filter``, …"""
    error: JsonObject | None = None
    """``{type, message, retryable, …}``, unless it completed."""
    usage: Usage | None = None


class PartStarted(WireModel):
    """A part of the reply begins, or goes on. Its first deltas may have come before."""

    message_id: str
    part: int
    """Index of the part."""
    type: str
    g: int
    """Generation."""
    offset: int
    """Code points the part has already."""


class PartCompleted(WireModel):
    """No more text comes for the part."""

    message_id: str
    part: int
    """Index of the part."""
    type: str | None = None
    """Absent when the server that wrote the part has ended."""
    len: int
    """Code points in the whole part: what you have is complete, or ``part.read`` brings the rest."""
    g: int
    """Generation."""


class PartReset(WireModel):
    """The text of a part is thrown away, to be written again. This version of the server never sends it."""

    message_id: str
    part: int
    """Index of the part."""
    g: int
    """The new generation."""
    len: int
    """Code points that stay."""
    reason: str | None = None


EVENT_DATA: Final[dict[str, type[WireModel]]] = {
    "conversation.created": ConversationChanged,
    "conversation.updated": ConversationChanged,
    "conversation.archived": ConversationChanged,
    "conversation.restored": ConversationChanged,
    "conversation.deleted": ConversationChanged,
    "conversation.forked": ConversationChanged,
    "message.created": MessageCreated,
    "message.updated": MessageUpdated,
    "run.queued": RunQueued,
    "run.started": RunStarted,
    "run.waiting": RunWaiting,
    "run.finished": RunFinished,
    "part.started": PartStarted,
    "part.completed": PartCompleted,
    "part.reset": PartReset,
}
"""Durable event type -> what its ``data`` says. Unknown types are ignored, but still advance ``seq``."""


class EventNotification(WireModel):
    """A durable change. ``seq`` is contiguous within a conversation."""

    conversation_id: str
    seq: int
    type: str
    at: Timestamp
    actor: str | None = None
    """Id of the user who caused it; ``None``: the server."""
    data: JsonObject
    """What happened; its members depend on ``type``."""


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
