"""What a client tells its program: changes of a conversation, news, and how the link is.

Plain values. The dictionaries inside are the wire's own (``chatty.protocol``), not validated again:
a client trusts the shape of what its server sends and ignores what it does not know.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chatty.protocol.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The conversation as it is now; everything known before is replaced."""

    result: dict[str, Any]
    """The result of ``conversation.subscribe`` in mode ``snapshot``."""


@dataclass(frozen=True, slots=True)
class Event:
    """A durable change. Events of one subscription come in order and without gaps."""

    conversation_id: str
    seq: int
    type: str
    at: str
    actor: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delta:
    """From ``offset`` on, the part's text is this. Usually that is where it ended so far."""

    message_id: str
    part: int
    offset: int
    """Code points before this text."""
    text: str
    generation: int
    part_type: str


Update = Snapshot | Event | Delta


class LinkState(StrEnum):
    """Where the client stands with its server."""

    IDLE = "idle"
    """Not started."""
    CONNECTING = "connecting"
    ONLINE = "online"
    WAITING = "waiting"
    """The link is down; another try follows by itself."""
    REFUSED = "refused"
    """The server cannot be used as it is; a try follows only when the program asks for one."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link is in another state now."""

    state: LinkState
    error: ProtocolError | None = None
    """Why it is down."""
    retry_in_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """Ephemeral news that no conversation's subscription carries."""

    topic: str
    type: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """Word about the connection that the program may want to show."""

    type: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OutboxChanged:
    """A message was put into the outbox, accepted, or refused for good."""

    waiting: int
    """How many are not accepted yet."""
    refused_id: str | None = None
    error: ProtocolError | None = None
    """Why that one was refused; its text stays in the outbox until it is discarded."""


News = LinkChanged | Signal | Notice | OutboxChanged
