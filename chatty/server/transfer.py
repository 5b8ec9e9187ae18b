"""Conversations as values: copied within the database, given out, and taken in.

All of a conversation travels, every branch. Ids are kept when it comes from outside, so taking the
same one in twice changes nothing; a copy within the database gets ids of its own.
"""

from dataclasses import dataclass
from typing import cast

from chatty.protocol.conversation import ConversationForkParams, ExportedConversation, ExportedMessage
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import is_id, new_id
from chatty.server import wire
from chatty.server.clock import milliseconds, timestamp
from chatty.server.records import Changed, record
from chatty.server.turns import payload_hash
from chatty.store import conversations, messages, rows
from chatty.store import parts as part_rows
from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound

_PAGE = 500
_FINISHED = ("completed", "cancelled", "interrupted", "failed")


@dataclass(frozen=True, slots=True)
class Taken:
    """What came in; `row` is `None` when everything was here already."""

    row: rows.Conversation | None
    messages: int


def export(scope: Scope, conversation_id: str) -> Work[ExportedConversation]:
    """Read a whole conversation. Raises NotFound."""
    conversation = yield from conversations.get(scope, conversation_id)
    leaf = yield from conversations.leaf(scope, conversation_id)
    exported: list[ExportedMessage] = []
    cursor: str | None = None
    while True:
        page = yield from messages.list_page(scope, conversation_id, _PAGE, cursor)
        texts = yield from part_rows.of_messages(scope, [row.id for row in page.items])
        exported += [_exported(row, texts[row.id]) for row in page.items]
        if (cursor := page.next_cursor) is None:
            break
    return ExportedConversation(
        id=conversation.id,
        title=conversation.title or "Untitled",
        created_at=timestamp(conversation.created_at),
        model=conversation.model,
        system=wire.load(conversation.params).get("system"),
        leaf=leaf,
        messages=exported,
    )


def take_over(scope: Scope, exported: ExportedConversation, at_ms: int) -> Work[Taken]:
    """Write an exported conversation.

    Raises:
        ProtocolError: `invalid_params`: a message comes before its parent, or has a role nobody knows.
    """
    if (yield from conversations.find(scope, exported.id)) is not None:
        return Taken(None, 0)
    created_at = milliseconds(exported.created_at)
    yield from conversations.insert(
        scope,
        rows.NewConversation(
            id=exported.id,
            title=exported.title,
            title_source="user",
            origin="import",
            model=exported.model,
            params=wire.dump({"system": exported.system} if exported.system else {}),
        ),
        payload_hash(exported),
        created_at,
    )
    known: set[str] = set()
    for message in exported.messages:
        if message.parent_id is not None and message.parent_id not in known:
            raise ProtocolError("invalid_params", f"message {message.id} comes before its parent")
        known.add(message.id)
        yield from _insert(scope, exported.id, message)
    if exported.leaf is not None:
        yield from conversations.set_leaf(scope, exported.id, exported.leaf)
    row = yield from conversations.get(scope, exported.id)
    row, _ = yield from record(scope, row, "conversation.created", at_ms)
    return Taken(row, len(exported.messages))


def fork(scope: Scope, params: ConversationForkParams, at_ms: int) -> Work[Changed]:
    """Copy the path up to a message into a new conversation.

    Raises:
        NotFound: no such conversation or message.
        IdempotencyMismatch: another conversation has the new id.
    """
    source = yield from conversations.get(scope, params.conversation_id)
    leaf = params.message_id or (yield from conversations.leaf(scope, source.id))
    inserted = yield from conversations.insert(
        scope,
        rows.NewConversation(
            id=params.id,
            project_id=source.project_id,
            title=params.title or source.title,
            title_source="user" if params.title else source.title_source,
            origin=cast(rows.Origin, source.origin),
            model=source.model,
            params=source.params,
            forked_from_conversation_id=source.id,
            forked_from_message_id=leaf,
        ),
        payload_hash(params),
        at_ms,
    )
    if inserted.duplicate:
        return inserted.row, []
    if leaf is not None:
        yield from _copy_path(scope, source.id, leaf, params.id)
    row = yield from conversations.get(scope, params.id)
    return (yield from record(scope, row, "conversation.forked", at_ms))


def _copy_path(scope: Scope, source_id: str, leaf: str, target_id: str) -> Work[None]:
    path: list[rows.Message] = []
    before: str | None = None
    while True:
        page = yield from messages.path(scope, leaf, _PAGE, before)
        if any(row.conversation_id != source_id for row in page):
            raise NotFound("message", leaf)
        path = page + path
        if len(page) < _PAGE:
            break
        before = page[0].id
    texts = yield from part_rows.of_messages(scope, [row.id for row in path])
    parent_id: str | None = None
    for row in path:
        if row.status not in _FINISHED or row.deleted_at is not None:
            continue
        copied = _exported(row, texts[row.id]).model_copy(update={"id": new_id(), "parent_id": parent_id})
        yield from _insert(scope, target_id, copied)
        parent_id = copied.id


def _insert(scope: Scope, conversation_id: str, message: ExportedMessage) -> Work[None]:
    if message.role not in ("user", "assistant", "system", "tool"):
        raise ProtocolError("invalid_params", f"message {message.id} has an unknown role")
    status = message.status if message.status in _FINISHED else "interrupted"
    yield from messages.insert(
        scope,
        rows.NewMessage(
            id=message.id,
            conversation_id=conversation_id,
            role=cast(rows.Role, message.role),
            parent_id=message.parent_id,
            author_id=scope.user_id if message.role == "user" else None,
            status=cast(rows.MessageStatus, status),
            model=message.model,
            provider=message.provider,
            finish_reason=message.finish_reason,
        ),
        [
            rows.NewPart(
                type=part.type,
                text=part.text,
                data=wire.dump({**(part.data or {}), **({"name": part.name} if part.name else {})}),
            )
            for part in message.parts
        ],
        None,
        milliseconds(message.created_at),
    )


def _exported(row: rows.Message, pieces: list[rows.Part]) -> ExportedMessage:
    return ExportedMessage(
        id=row.id,
        # That of a damaged row is none: the message begins a path of its own.
        parent_id=row.parent_id if row.parent_id and is_id(row.parent_id) else None,
        role=row.role,
        status=row.status,
        parts=[wire.part(piece) for piece in pieces],
        created_at=timestamp(row.created_at),
        provider=row.provider,
        model=row.model,
        finish_reason=row.finish_reason,
    )
