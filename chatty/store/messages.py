"""The message tree: each message knows its parent, siblings stay in the order they came, none overwrites.

Text is put into the search index by `finish` and by inserting a completed message, and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from chatty.store import events, search
from chatty.store import parts as message_parts
from chatty.store.database import Request, Scope, Work
from chatty.store.errors import IdempotencyMismatch, NotFound
from chatty.store.pages import Listing
from chatty.store.rows import (
    Inserted,
    Message,
    MessageStatus,
    NewMessage,
    NewPart,
    Page,
    TreeNode,
    columns,
)
from chatty.store.statements import Conditions, first, from_rows, padded, placeholders, storable
from chatty.store.statements import insert as insert_row

Listed = TypeVar("Listed", Message, TreeNode)

_COLUMNS = columns(Message)
_FINISHED = ("completed", "cancelled", "interrupted", "failed")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reply ended. What is None leaves the message's column as it is."""

    status: MessageStatus
    finish_reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    error: str | None = None
    """JSON."""
    provider_meta: str | None = None
    """JSON."""
    model: str | None = None
    provider: str | None = None


def insert(
    scope: Scope,
    message: NewMessage,
    parts: Sequence[NewPart],
    payload_hash: str | None,
    at_ms: int,
) -> Work[Inserted[Message]]:
    """Insert a message with its parts; a finished one is searchable at once.

    The conversation counts it and moves to the top of the list. The same id, author and hash again returns
    the stored row as a duplicate and changes nothing.

    Raises:
        NotFound: the conversation is not there (`kind` conversation), or the parent is not a message of it.
        IdempotencyMismatch: the id exists with another author or hash.
    """
    rows = yield (
        "UPDATE conversations SET message_seq = message_seq + 1, message_count = message_count + 1,"
        " last_message_at = CASE WHEN last_message_at > $3 THEN last_message_at ELSE $3 END, updated_at = $3"
        " WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING message_seq, project_id",
        (scope.workspace_id, message.conversation_id, at_ms),
    )
    if not rows:
        raise NotFound("conversation", message.conversation_id)
    conversation = rows[0]
    if message.parent_id is not None:
        yield from _require_parent(scope, message.conversation_id, message.parent_id)
    row = _new_row(scope, message, conversation["message_seq"], payload_hash, at_ms)
    stored = first(Message, (yield insert_row("messages", row)))
    if stored is None:
        return (yield from _duplicate(scope, message, payload_hash))
    yield from message_parts.insert(scope, message.id, parts)
    if stored.status in _FINISHED:
        yield from search.index_message(scope, stored, conversation["project_id"], _text(parts))
    return Inserted(stored, duplicate=False)


def get(scope: Scope, message_id: str) -> Work[Message]:
    """Return a living message.

    Raises:
        NotFound: there is none with this id in the scope.
    """
    message = first(Message, (yield _by_id(scope, message_id)))
    if message is None or message.deleted_at is not None:
        raise NotFound("message", message_id)
    return message


def path(scope: Scope, leaf_id: str, limit: int = 50, before: str | None = None) -> Work[list[Message]]:
    """Return the newest `limit` messages of the branch that ends in `leaf_id`, oldest first.

    With `before`, those above that message of the branch. Deleted messages are in it, without content.
    """
    anchor = (
        "SELECT parent_id FROM messages WHERE workspace_id = $1 AND id = $2" if before is not None else "$2"
    )
    rows = yield (
        "WITH RECURSIVE path (id, parent_id, depth) AS ("
        " SELECT id, parent_id, 1 FROM messages WHERE workspace_id = $1 AND id = "
        f"({anchor})"
        " UNION ALL SELECT m.id, m.parent_id, p.depth + 1 FROM path p"
        " JOIN messages m ON m.workspace_id = $1 AND m.id = p.parent_id WHERE p.depth < $3)"
        f" SELECT {columns(Message, 'm.')} FROM path p JOIN messages m ON m.workspace_id = $1 AND m.id = p.id"
        " ORDER BY p.depth DESC",
        (scope.workspace_id, before if before is not None else leaf_id, limit),
    )
    return from_rows(Message, rows)


def nearest_above(scope: Scope, leaf_id: str, message_ids: Sequence[str]) -> Work[str | None]:
    """Return which of these messages comes first on the way from `leaf_id`, itself included, to the root."""
    ids = padded(message_ids)
    wanted = placeholders(3, len(ids))
    rows = yield (
        "WITH RECURSIVE path (id, parent_id) AS ("
        " SELECT id, parent_id FROM messages WHERE workspace_id = $1 AND id = $2"
        " UNION ALL SELECT m.id, m.parent_id FROM path p"
        f" JOIN messages m ON m.workspace_id = $1 AND m.id = p.parent_id WHERE p.id NOT IN ({wanted}))"
        f" SELECT id FROM path WHERE id IN ({wanted})",
        (scope.workspace_id, leaf_id, *ids),
    )
    return str(rows[0]["id"]) if rows else None


def path_after(scope: Scope, leaf_id: str, after_id: str, limit: int = 50) -> Work[list[Message]]:
    """Return the first `limit` messages behind one of the branch that ends in `leaf_id`, oldest first.

    The walk begins at the leaf, since only there it is known which way the branch goes.

    Raises:
        NotFound: the message is not on the branch.
    """
    rows = yield (
        "WITH RECURSIVE path (id, parent_id, depth) AS ("
        " SELECT id, parent_id, 1 FROM messages WHERE workspace_id = $1 AND id = $2 AND id <> $3"
        " UNION ALL SELECT m.id, m.parent_id, p.depth + 1 FROM path p"
        " JOIN messages m ON m.workspace_id = $1 AND m.id = p.parent_id WHERE p.parent_id <> $3)"
        f" SELECT {columns(Message, 'm.')} FROM path p JOIN messages m ON m.workspace_id = $1 AND m.id = p.id"
        " ORDER BY p.depth DESC LIMIT $4",
        (scope.workspace_id, leaf_id, after_id, limit),
    )
    found = from_rows(Message, rows)
    if leaf_id != after_id and (not found or found[0].parent_id != after_id):
        raise NotFound("message", after_id)
    return found


def versions(scope: Scope, conversation_id: str, parent_ids: Sequence[str | None]) -> Work[list[TreeNode]]:
    """Return the living messages below these parents, None for the root, in the order they came."""
    found: list[TreeNode] = []
    if None in parent_ids:
        found += from_rows(TreeNode, (yield _below(scope, conversation_id, "parent_id IS NULL")))
    if parents := [parent_id for parent_id in parent_ids if parent_id is not None]:
        ids = padded(parents)
        which = f"parent_id IN ({placeholders(3, len(ids))})"
        found += from_rows(TreeNode, (yield _below(scope, conversation_id, which, ids)))
    return sorted(found, key=lambda node: node.created_seq)


def children(scope: Scope, conversation_id: str, parent_id: str) -> Work[list[str]]:
    """Return the ids of the living messages below this one, in the order they came."""
    rows = yield (
        "SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND parent_id = $3"
        " AND deleted_at IS NULL ORDER BY created_seq",
        (scope.workspace_id, conversation_id, parent_id),
    )
    return [row["id"] for row in rows]


def tree_page(
    scope: Scope, conversation_id: str, limit: int = 1000, cursor: str | None = None
) -> Work[Page[TreeNode]]:
    """Return a page of the conversation's living messages without content, in the order they came.

    Raises:
        InvalidCursor: the cursor is from elsewhere.
    """
    return (yield from _page(scope, TreeNode, conversation_id, limit, cursor))


def list_page(
    scope: Scope, conversation_id: str, limit: int = 50, cursor: str | None = None
) -> Work[Page[Message]]:
    """Return a page of the conversation's living messages, all branches, in the order they came.

    Raises:
        InvalidCursor: the cursor is from elsewhere.
    """
    return (yield from _page(scope, Message, conversation_id, limit, cursor))


def _page(
    scope: Scope, kind: type[Listed], conversation_id: str, limit: int, cursor: str | None
) -> Work[Page[Listed]]:
    listing = Listing("messages", conversation_id)
    where = Conditions(
        "workspace_id = $1",
        "conversation_id = $2",
        "deleted_at IS NULL",
        arguments=(scope.workspace_id, conversation_id),
    )
    if cursor is not None:
        where.add("created_seq > {}", *listing.decode(cursor, int))
    limit_mark = where.bind(limit + 1)
    rows = yield (
        f"SELECT {columns(kind)} FROM messages WHERE {where.text} ORDER BY created_seq LIMIT {limit_mark}",
        where.arguments,
    )
    return listing.page(from_rows(kind, rows), limit, lambda row: (row.created_seq,))


def set_status(scope: Scope, message_id: str, status: MessageStatus, at_ms: int) -> Work[Message]:
    """Say that a reply has begun or waits; `finish` ends it. Raises NotFound."""
    rows = yield (
        "UPDATE messages SET status = $3, updated_at = $4, version = version + 1"
        f" WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING {_COLUMNS}",
        (scope.workspace_id, message_id, status, at_ms),
    )
    if status not in _FINISHED:
        yield from search.remove_message(scope, message_id)
    return _found(message_id, first(Message, rows))


def finish(scope: Scope, message_id: str, outcome: Outcome, at_ms: int) -> Work[Message]:
    """End a reply: its status and figures, and its text, which must be in the parts by now, searchable.

    Raises:
        NotFound: there is no such living message in the scope.
    """
    rows = yield (
        "UPDATE messages SET status = $3, finish_reason = COALESCE($4, finish_reason),"
        " input_tokens = COALESCE($5, input_tokens), output_tokens = COALESCE($6, output_tokens),"
        " error = COALESCE($7, error), provider_meta = COALESCE($8, provider_meta),"
        " model = COALESCE($9, model), provider = COALESCE($10, provider), updated_at = $11,"
        " version = version + 1"
        f" WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING {_COLUMNS}",
        (
            scope.workspace_id,
            message_id,
            outcome.status,
            outcome.finish_reason,
            outcome.input_tokens,
            outcome.output_tokens,
            outcome.error,
            outcome.provider_meta,
            outcome.model,
            outcome.provider,
            at_ms,
        ),
    )
    message = _found(message_id, first(Message, rows))
    rows = yield (
        "SELECT c.project_id, p.text FROM conversations c LEFT JOIN message_parts p"
        " ON p.workspace_id = $1 AND p.message_id = $3 AND p.type = 'text'"
        " WHERE c.workspace_id = $1 AND c.id = $2 ORDER BY p.idx",
        (scope.workspace_id, message.conversation_id, message_id),
    )
    text = "\n".join(row["text"] for row in rows if row["text"] is not None)
    yield from search.index_message(scope, message, rows[0]["project_id"], text)
    return message


def delete(scope: Scope, message_id: str, at_ms: int) -> Work[Message]:
    """Remove a message's text wherever it was kept and return the empty row, which holds the tree together.

    Its parts, its runs' text, its search entry and every event up to the newest that mentions it go in this
    transaction; a client that has not seen those events takes a snapshot.

    Raises:
        NotFound: there is no such living message in the scope.
    """
    rows = yield (
        "UPDATE messages SET deleted_at = $3, updated_at = $3, version = version + 1, error = NULL,"
        " provider_meta = NULL, payload_hash = NULL"
        f" WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING {_COLUMNS}",
        (scope.workspace_id, message_id, at_ms),
    )
    message = _found(message_id, first(Message, rows))
    yield from search.remove_message(scope, message_id)
    yield (
        "DELETE FROM message_parts WHERE workspace_id = $1 AND message_id = $2",
        (scope.workspace_id, message_id),
    )
    yield (
        "DELETE FROM run_text WHERE workspace_id = $1 AND run_id IN"
        " (SELECT id FROM runs WHERE workspace_id = $1 AND conversation_id = $2 AND message_id = $3)",
        (scope.workspace_id, message.conversation_id, message_id),
    )
    yield (
        "UPDATE conversations SET message_count = message_count - 1, updated_at = $3"
        " WHERE workspace_id = $1 AND id = $2",
        (scope.workspace_id, message.conversation_id, at_ms),
    )
    yield from events.drop_mentions(scope, message.conversation_id, message_id)
    return message


def _text(parts: Sequence[NewPart]) -> str:
    return "\n".join(
        str(storable(part.text)) for part in parts if part.type == "text" and part.text is not None
    )


def _by_id(scope: Scope, message_id: str) -> Request:
    return (
        f"SELECT {_COLUMNS} FROM messages WHERE workspace_id = $1 AND id = $2",
        (scope.workspace_id, message_id),
    )


def _below(scope: Scope, conversation_id: str, which: str, values: Sequence[str] = ()) -> Request:
    return (
        f"SELECT {columns(TreeNode)} FROM messages WHERE workspace_id = $1 AND conversation_id = $2"
        f" AND {which} AND deleted_at IS NULL",
        (scope.workspace_id, conversation_id, *values),
    )


def _found(message_id: str, message: Message | None) -> Message:
    if message is None:
        raise NotFound("message", message_id)
    return message


def _require_parent(scope: Scope, conversation_id: str, parent_id: str) -> Work[None]:
    rows = yield (
        "SELECT id FROM messages WHERE workspace_id = $1 AND id = $2 AND conversation_id = $3",
        (scope.workspace_id, parent_id, conversation_id),
    )
    if not rows:
        raise NotFound("message", parent_id)


def _duplicate(scope: Scope, message: NewMessage, payload_hash: str | None) -> Work[Inserted[Message]]:
    """Undo the count that `insert` began with, and say whether the stored message is the same one."""
    earlier = first(Message, (yield _by_id(scope, message.id)))
    if (
        earlier is None
        or earlier.deleted_at is not None
        or (earlier.author_id, earlier.payload_hash, earlier.conversation_id)
        != (message.author_id, payload_hash, message.conversation_id)
    ):
        raise IdempotencyMismatch("message", message.id)
    yield (
        "UPDATE conversations SET message_seq = message_seq - 1, message_count = message_count - 1"
        " WHERE workspace_id = $1 AND id = $2",
        (scope.workspace_id, message.conversation_id),
    )
    return Inserted(earlier, duplicate=True)


def _new_row(
    scope: Scope, new: NewMessage, created_seq: int, payload_hash: str | None, at_ms: int
) -> Message:
    return Message(
        workspace_id=scope.workspace_id,
        id=new.id,
        conversation_id=new.conversation_id,
        parent_id=new.parent_id,
        created_seq=created_seq,
        role=new.role,
        author_id=new.author_id,
        run_id=new.run_id,
        status=new.status,
        model=new.model,
        provider=new.provider,
        finish_reason=new.finish_reason,
        input_tokens=new.input_tokens,
        output_tokens=new.output_tokens,
        error=new.error,
        provider_meta=new.provider_meta,
        edited_from_id=new.edited_from_id,
        payload_hash=payload_hash,
        created_at=at_ms,
        updated_at=at_ms,
        version=1,
        deleted_at=None,
    )


def begin_again(scope: Scope, message_id: str, run_id: str, at_ms: int) -> Work[Message]:
    """Give a reply that ended early to another run, which goes on with its text. Raises NotFound."""
    rows = yield (
        "UPDATE messages SET status = 'pending', run_id = $3, finish_reason = NULL, error = NULL,"
        " updated_at = $4, version = version + 1"
        f" WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING {_COLUMNS}",
        (scope.workspace_id, message_id, run_id, at_ms),
    )
    return _found(message_id, first(Message, rows))
