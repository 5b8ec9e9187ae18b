"""Conversations: the exchange, a tree of messages, and how a client watches one."""

from typing import Annotated, Literal

from pydantic import Field

from chatty.protocol.base import (
    Cursor,
    Id,
    JsonObject,
    Name,
    Page,
    PageSize,
    Params,
    Result,
    Timestamp,
    WireModel,
)
from chatty.protocol.message import Message, ModelName, Origin, TreeNode
from chatty.protocol.part import Part
from chatty.protocol.run import Run


class ForkedFrom(WireModel):
    """Where a conversation branched off."""

    conversation_id: str
    message_id: str


class Conversation(WireModel):
    """The exchange, without its messages."""

    id: str
    title: str
    title_source: str
    """``none``, ``auto`` (the first line of its first message, or a model) or ``user``."""
    project_id: str | None = None
    model: str | None = None
    """``PROVIDER/MODEL`` for the next run; ``None``: the default."""
    system: str | None = None
    params: JsonObject = {}
    origin: str
    """``tui``, ``script``, ``import`` or ``api``."""
    ephemeral: bool = False
    head: int
    """The newest event's ``seq``."""
    message_count: int
    version: int
    """Raised by every change; name it as ``if_version`` to change only what was seen."""
    created_at: Timestamp
    updated_at: Timestamp
    last_message_at: Timestamp | None = None
    archived_at: Timestamp | None = None
    deleted_at: Timestamp | None = None
    """Set on tombstones only."""
    forked_from: ForkedFrom | None = None
    is_answering: bool = False
    """A run is active in it."""


class ConversationResult(Result):
    """A conversation as it is now."""

    conversation: Conversation
    seq: int | None = None
    """The event this request caused, if it caused one."""


class ConversationMadeResult(ConversationResult):
    """A conversation that was made, by this request or by the same one before."""

    duplicate: bool = False
    """The same request had been accepted before; nothing was done twice."""


class ConversationListParams(Params):
    """Conversations by activity, newest first."""

    project_id: Id | None = None
    archived: bool = False
    """The archived ones instead of the others."""
    origin: Origin | None = None
    updated_since: Timestamp | None = None
    """Only what changed at or after this time, deleted ones included as tombstones."""
    limit: PageSize = 50
    cursor: Cursor | None = None


ConversationListResult = Page[Conversation]


class ConversationGetParams(Params):
    """Fetch one conversation."""

    conversation_id: Id


class ConversationCreateParams(Params):
    """Make an empty conversation."""

    id: Id
    title: Name | None = None
    project_id: Id | None = None
    model: ModelName | None = None
    system: Annotated[str, Field(max_length=262144)] | None = None
    origin: Origin = "tui"

    @property
    def conversation_id(self) -> str:
        """Which conversation the request names, under the name other requests give it."""
        return self.id


class ConversationUpdateParams(Params):
    """Change a conversation. Absent = unchanged, ``null`` = cleared."""

    conversation_id: Id
    title: Name | None = None
    project_id: Id | None = None
    model: ModelName | None = None
    system: Annotated[str, Field(max_length=262144)] | None = None
    params: JsonObject | None = None
    if_version: int | None = None


class ConversationDeleteParams(Params):
    """Delete a conversation; it can be restored for a week, unless it goes for good."""

    conversation_id: Id
    for_good: bool = False
    """Remove its text at once, everywhere it was kept. Nothing brings it back."""


class ConversationRefParams(Params):
    """Name one conversation."""

    conversation_id: Id


class ConversationForkParams(Params):
    """Copy the path up to a message into a new conversation."""

    conversation_id: Id
    id: Id
    """Id of the new conversation."""
    message_id: Id | None = None
    """Last message to copy; absent: the leaf in use."""
    title: Name | None = None


class ConversationSetLeafParams(Params):
    """Choose which path is in use, for this user."""

    conversation_id: Id
    message_id: Id
    """The end of the path."""
    through: bool = False
    """The path need only lead through the message: the one in use, if it does, else the newest."""


class ConversationSetLeafResult(Result):
    """Which path is in use now."""

    leaf: str
    """The last message of the path."""


class Since(Params):
    """Up to where the client already knows the conversation."""

    history_id: str
    """The database's, from ``initialize``; another one means another history."""
    seq: int


class Window(Params):
    """How much of the conversation to send."""

    leaf: Id | None = None
    limit: Annotated[int, Field(ge=0, le=200)] = 50


class ConversationSubscribeParams(Params):
    """Watch a conversation: what was missed first, then everything live."""

    conversation_id: Id
    since: Since | None = None
    window: Window = Window()
    deltas: bool = True
    """``False``: no text in flight, whole messages at the end."""


class OpenPart(WireModel):
    """A part that a run is writing now, with its text so far."""

    message_id: str
    part: int
    type: str
    g: int
    text: str
    """From ``from`` on."""
    from_: Annotated[int, Field(alias="from")] = 0
    """Code points left out at the front because the client has them."""


class ConversationSubscribeResult(Result):
    """The state to start from. Events after ``head`` follow as notifications."""

    mode: Literal["snapshot", "tail"]
    history_id: str
    head: int
    open_parts: list[OpenPart]
    events: list[JsonObject] = []
    """Mode ``tail``: the parameters of every missed event, in order."""
    conversation: Conversation | None = None
    """Mode ``snapshot``, like everything below."""
    messages: list[Message] = []
    """The newest stretch of the path in use, oldest first."""
    has_older: bool = False
    leaf: str | None = None
    siblings: list[TreeNode] = []
    """The other versions of ``messages``, and what is below ``leaf`` when a reply in the middle goes on, by
    ``created_seq``; ``message.tree`` has the whole shape."""
    runs: list[Run] = []
    """The runs that are not finished."""


class ConversationExportParams(Params):
    """The whole conversation as one value that ``conversation.import`` reads."""

    conversation_id: Id


class ExportedMessage(Params):
    """A message as exported; ids are kept, so importing twice changes nothing."""

    id: Id
    parent_id: Id | None = None
    role: str
    status: str
    parts: list[Part]
    created_at: Timestamp
    provider: str | None = None
    model: str | None = None
    finish_reason: str | None = None


class ExportedConversation(Params):
    """A conversation with all its branches."""

    id: Id
    title: Name
    created_at: Timestamp
    model: str | None = None
    system: str | None = None
    leaf: Id | None = None
    messages: list[ExportedMessage]


class ConversationExportResult(Result):
    """The exported value."""

    format: Literal["chatty/1"] = "chatty/1"
    conversation: ExportedConversation


class ConversationImportParams(Params):
    """Take over exported conversations; those already here are skipped."""

    format: Literal["chatty/1"] = "chatty/1"
    conversation: ExportedConversation


class ConversationImportResult(Result):
    """What came in."""

    conversation_id: str
    messages: int
    """Messages written."""
    skipped: bool
    """The conversation was already here, unchanged."""
