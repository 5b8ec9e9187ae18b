"""Messages: a tree by ``parent_id``. Nothing is overwritten: an edit and a regenerated reply are siblings."""

from typing import Annotated, Literal

from pydantic import Field

from chatty.protocol.base import Cursor, Id, JsonObject, Name, Params, Result, Timestamp, WireModel
from chatty.protocol.part import InputPart, Part
from chatty.protocol.run import Run, Usage

Role = Literal["user", "assistant", "system", "tool"]
MessageStatus = Literal["pending", "streaming", "completed", "cancelled", "interrupted", "failed"]
Origin = Literal["tui", "script", "import", "api"]

Parts = Annotated[list[InputPart], Field(min_length=1, max_length=64)]
ModelName = Annotated[str, Field(min_length=1, max_length=300)]
"""``PROVIDER/MODEL``, split at the first slash; ``guide`` is short for ``guide/guide``."""


class Author(WireModel):
    """Who wrote a message."""

    id: str
    name: str


class Message(WireModel):
    """One entry of a conversation."""

    id: str
    conversation_id: str
    parent_id: str | None = None
    """The message it answers or follows; ``None`` at the root."""
    created_seq: int
    """The event that created it; siblings are ordered by it."""
    role: str
    status: str
    parts: list[Part]
    created_at: Timestamp
    author: Author | None = None
    """Set on people's messages."""
    run_id: str | None = None
    """The run that fills (or last filled) a reply."""
    provider: str | None = None
    model: str | None = None
    """The model's name at its provider, without the provider."""
    finish_reason: str | None = None
    """Why generation stopped: ``stop``, ``length``, ``content_filter``, …"""
    usage: Usage | None = None
    error: JsonObject | None = None
    """``{type, message, retryable, …}`` of a failed reply, and of one whose server ended."""
    edited_from_id: str | None = None


class ConversationDraft(Params):
    """A conversation to be made together with its first message."""

    title: Name | None = None
    """Absent: the first line of the message."""
    project_id: Id | None = None
    model: ModelName | None = None
    system: Annotated[str, Field(max_length=262144)] | None = None
    """Instructions in front of every run of this conversation."""
    origin: Origin = "tui"
    ephemeral: bool = False
    """Keep nothing: memory only, gone with the connection."""


class ConversationRef(Params):
    """Which conversation a message goes to."""

    id: Id
    create: ConversationDraft | None = None
    """Given: make it if it does not exist yet."""


class RunDraft(Params):
    """A run to be made, with the reply it fills."""

    id: Id
    reply_id: Id
    model: ModelName | None = None
    """Absent: the conversation's, else the project's, else the default."""
    system: Annotated[str, Field(max_length=262144)] | None = None
    """Instructions for this run instead of the conversation's."""
    params: JsonObject = {}
    """Options for the provider by the names it knows, for example ``temperature``."""
    timeout_seconds: Annotated[float, Field(gt=0, le=86400)] | None = None


class MessageSendParams(Params):
    """Add a message and, usually, ask for a reply."""

    conversation: ConversationRef
    id: Id
    parent_id: Id | None = None
    """The message it follows; absent: the newest leaf."""
    mode: Literal["append", "branch", "queue"] = "append"
    """``append`` fails when the parent is no longer a leaf or a run is active on it; ``branch``
    always works; ``queue`` follows the last reply under way below the parent, and becomes a branch if
    the parent moved and none is."""
    parts: Parts
    run: RunDraft | None = None
    """``None``: no reply wanted."""
    subscribe: bool = False
    """Watch the conversation on this connection from this message on."""


class MessageSendResult(Result):
    """The message was accepted: it is on disk."""

    message: Message
    run: Run | None = None
    seq: int
    """The newest event this request caused."""
    duplicate: bool = False
    """The same request had been accepted before; nothing was done twice."""
    branched: bool = False
    """Mode ``queue`` only: the parent had moved on, and nobody answers below it: this is a sibling."""


class MessageEditParams(Params):
    """Write another version of a message beside it, and usually ask for a reply to that."""

    conversation_id: Id
    message_id: Id
    """The message to be said differently."""
    id: Id
    """Id of the new sibling."""
    parts: Parts
    run: RunDraft | None = None


class MessageRegenerateParams(Params):
    """Ask for another reply beside the one there is."""

    conversation_id: Id
    message_id: Id
    """The reply to be replaced, or the message to be answered again."""
    run: RunDraft


class MessageContinueParams(Params):
    """Go on with a reply that was stopped or interrupted: its text is kept and grows."""

    conversation_id: Id
    message_id: Id
    run: RunDraft
    """``reply_id`` is the message itself."""


class MessageGetParams(Params):
    """Fetch one message."""

    conversation_id: Id
    message_id: Id


class MessageGetResult(Result):
    """One message."""

    message: Message


class MessageListParams(Params):
    """A page of the path that ends in a leaf, newest page first."""

    conversation_id: Id
    leaf: Id | None = None
    """Absent: the leaf in use."""
    before: Id | None = None
    """Only ancestors of this message: how older pages are fetched."""
    after: Id | None = None
    """Only what follows this message on the path, the page next to it: how one reads on from a place in
    the middle. Not together with ``before``."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class TreeNode(WireModel):
    """A message without its text."""

    id: str
    parent_id: str | None = None
    role: str
    status: str
    created_seq: int


class MessageListResult(Result):
    """A stretch of the path, oldest first."""

    messages: list[Message]
    siblings: list[TreeNode] = []
    """The other versions of these messages, and what is below the leaf if the page ends there, by
    ``created_seq``."""
    has_older: bool
    has_newer: bool = False
    """With ``after``: the path goes on behind this page."""


class MessageTreeParams(Params):
    """The shape of a whole conversation, page by page."""

    conversation_id: Id
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    cursor: Cursor | None = None


class MessageTreeResult(Result):
    """Messages of every path without text, in order of creation."""

    nodes: list[TreeNode]
    next: str | None = None
    """Cursor of the next page; ``None`` on the last one."""
