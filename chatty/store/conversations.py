"""Conversations: the tree's root row, the lists of them, each member's place, deletion and its undo."""

from typing import TypedDict

from chatty.store import search
from chatty.store.changes import chosen, update_row
from chatty.store.database import Request, Scope, Work
from chatty.store.errors import IdempotencyMismatch, NotFound
from chatty.store.pages import Listing
from chatty.store.rows import Conversation, Inserted, NewConversation, Page, columns
from chatty.store.statements import Conditions, first, from_rows
from chatty.store.statements import insert as insert_row

_COLUMNS = columns(Conversation)

NO_PROJECT = ""
"""As `project_id` of a list or search: only what is in no project."""


class ConversationPatch(TypedDict, total=False):
    """The columns a caller may change; those left out stay as they are."""

    project_id: str | None
    title: str
    title_source: str
    visibility: str
    model: str | None
    params: str | None
    system_prompt_ref: str | None


def insert(
    scope: Scope, conversation: NewConversation, payload_hash: str | None, at_ms: int
) -> Work[Inserted[Conversation]]:
    """Insert a conversation owned by the scope's user.

    The same id, owner and hash again returns the stored row as a duplicate.

    Raises:
        IdempotencyMismatch: the id exists with another owner or hash, or was deleted.
    """
    row = _new_row(scope, conversation, payload_hash, at_ms)
    stored = first(Conversation, (yield insert_row("conversations", row)))
    if stored is not None:
        if stored.title:
            yield from search.index_name(scope, "conversation", stored.id, stored.title, at_ms)
        return Inserted(stored, duplicate=False)
    earlier = first(Conversation, (yield _by_id(scope, conversation.id)))
    if (
        earlier is None
        or earlier.deleted_at is not None
        or (earlier.owner_id, earlier.payload_hash) != (scope.user_id, payload_hash)
    ):
        raise IdempotencyMismatch("conversation", conversation.id)
    return Inserted(earlier, duplicate=True)


def get(scope: Scope, conversation_id: str) -> Work[Conversation]:
    """Return a living conversation.

    Raises:
        NotFound: there is none with this id in the scope.
    """
    conversation = first(Conversation, (yield _by_id(scope, conversation_id)))
    if conversation is None or conversation.deleted_at is not None:
        raise NotFound("conversation", conversation_id)
    return conversation


def find(scope: Scope, conversation_id: str) -> Work[Conversation | None]:
    """Return the row in whatever state, tombstones included, or None."""
    return first(Conversation, (yield _by_id(scope, conversation_id)))


def list_page(
    scope: Scope,
    limit: int = 50,
    cursor: str | None = None,
    project_id: str | None = None,
    archived: bool | None = False,
    origin: str | None = None,
    updated_since: int | None = None,
) -> Work[Page[Conversation]]:
    """Return a page of living conversations, newest activity first.

    Args:
        project_id: only of this project; `NO_PROJECT` for those in none; None for all.
        archived: True or False for only those; None for both.
        origin: only of this origin.
        updated_since: ms, inclusive. The page is then the changes since, oldest first, and holds archived
            conversations and tombstones whatever `archived` says.

    Raises:
        InvalidCursor: the cursor is from elsewhere.
    """
    listing = Listing("conversations", project_id, archived, origin, updated_since)
    where = Conditions("workspace_id = $1", arguments=(scope.workspace_id,))
    if project_id == NO_PROJECT:
        where.add("project_id IS NULL")
    elif project_id is not None:
        where.add("project_id = {}", project_id)
    if origin is not None:
        where.add("origin = {}", origin)
    if updated_since is not None:
        return (yield from _changed_page(where, listing, limit, cursor, updated_since))
    where.add("deleted_at IS NULL")
    if archived is not None:
        where.add("archived_at IS NOT NULL" if archived else "archived_at IS NULL")
    if cursor is not None:
        where.add("(last_message_at, id) < ({}, {})", *listing.decode(cursor, int, str))
    limit_mark = where.bind(limit + 1)
    rows = yield (
        f"SELECT {_COLUMNS} FROM conversations WHERE {where.text}"
        f" ORDER BY last_message_at DESC, id DESC LIMIT {limit_mark}",
        where.arguments,
    )
    return listing.page(from_rows(Conversation, rows), limit, lambda row: (row.last_message_at, row.id))


def update(
    scope: Scope, conversation_id: str, patch: ConversationPatch, if_version: int | None, at_ms: int
) -> Work[Conversation]:
    """Change a conversation and return it; the search index follows title and project.

    Raises:
        NotFound, VersionConflict: see `changes.update_row`.
    """
    changes = chosen(ConversationPatch, patch)
    row = yield from update_row(
        scope, Conversation, "conversations", conversation_id, changes, if_version, at_ms
    )
    if "title" in patch:
        yield from search.index_name(scope, "conversation", row.id, row.title, row.created_at)
    if "project_id" in patch:
        yield from search.move_conversation(scope, row.id, row.project_id)
    return row


def archive(scope: Scope, conversation_id: str, at_ms: int) -> Work[Conversation]:
    """Put a conversation out of sight. Raises NotFound."""
    return (yield from _set(scope, conversation_id, {"archived_at": at_ms}, at_ms))


def unarchive(scope: Scope, conversation_id: str, at_ms: int) -> Work[Conversation]:
    """Undo `archive`. Raises NotFound."""
    return (yield from _set(scope, conversation_id, {"archived_at": None}, at_ms))


def restore(scope: Scope, conversation_id: str, at_ms: int) -> Work[Conversation]:
    """Undo `archive` and `delete`.

    Raises:
        NotFound: there is no such conversation, or its text was purged.
    """
    rows = yield (
        "UPDATE conversations SET archived_at = NULL, deleted_at = NULL, updated_at = $3,"
        " version = version + 1"
        f" WHERE workspace_id = $1 AND id = $2 AND purged_at IS NULL RETURNING {_COLUMNS}",
        (scope.workspace_id, conversation_id, at_ms),
    )
    conversation = first(Conversation, rows)
    if conversation is None:
        raise NotFound("conversation", conversation_id)
    return conversation


def delete(
    scope: Scope, conversation_id: str, at_ms: int, if_version: int | None = None
) -> Work[Conversation]:
    """Hide a conversation from every list and search; `restore` undoes it until `purge`. Raises NotFound."""
    return (
        yield from update_row(
            scope, Conversation, "conversations", conversation_id, {"deleted_at": at_ms}, if_version, at_ms
        )
    )


def purge(scope: Scope, conversation_id: str, at_ms: int, deleted_before_ms: int | None = None) -> Work[None]:
    """Remove the conversation's text for good, wherever it was kept; an empty tombstone stays.

    With `deleted_before_ms` only if it is deleted since before that time: it may have been restored.

    Messages, parts, events, runs, their text, members' places and the search index go in this transaction.
    Usage records stay: they hold numbers only.

    Raises:
        NotFound: there is no such conversation.
    """
    key = (scope.workspace_id, conversation_id)
    condition = "" if deleted_before_ms is None else " AND deleted_at < $4"
    bound = () if deleted_before_ms is None else (deleted_before_ms,)
    rows = yield (
        "UPDATE conversations SET title = '', title_source = 'none', model = NULL, params = NULL,"
        " system_prompt_ref = NULL, project_id = NULL, forked_from_conversation_id = NULL,"
        " forked_from_message_id = NULL, payload_hash = NULL, message_count = 0, floor_seq = head_seq,"
        " deleted_at = COALESCE(deleted_at, $3), purged_at = $3, updated_at = $3, version = version + 1"
        f" WHERE workspace_id = $1 AND id = $2{condition} RETURNING id",
        (*key, at_ms, *bound),
    )
    if not rows:
        raise NotFound("conversation", conversation_id)
    yield from search.remove_conversation(scope, conversation_id)
    for statement in _PURGE:
        yield statement, key


def purgeable(scope: Scope, deleted_before_ms: int, limit: int = 100) -> Work[list[str]]:
    """Return ids of conversations deleted before the time whose text is still kept."""
    rows = yield (
        "SELECT id FROM conversations WHERE workspace_id = $1 AND deleted_at < $2 AND purged_at IS NULL"
        " ORDER BY deleted_at LIMIT $3",
        (scope.workspace_id, deleted_before_ms, limit),
    )
    return [row["id"] for row in rows]


def touch(scope: Scope, conversation_id: str, at_ms: int) -> Work[None]:
    """Mark the conversation as changed now, so that a list of changes contains it."""
    yield (
        "UPDATE conversations SET updated_at = $3 WHERE workspace_id = $1 AND id = $2",
        (scope.workspace_id, conversation_id, at_ms),
    )


def set_leaf(scope: Scope, conversation_id: str, message_id: str | None) -> Work[None]:
    """Remember which branch the scope's user looks at; None for the newest.

    Raises:
        NotFound: the message is not a living one of this conversation.
    """
    if message_id is not None:
        rows = yield (
            "SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3"
            " AND deleted_at IS NULL",
            (scope.workspace_id, conversation_id, message_id),
        )
        if not rows:
            raise NotFound("message", message_id)
    yield (
        "INSERT INTO conversation_members"
        " (workspace_id, conversation_id, user_id, leaf_message_id, read_seq, muted)"
        " VALUES ($1, $2, $3, $4, 0, 0) ON CONFLICT (workspace_id, conversation_id, user_id)"
        " DO UPDATE SET leaf_message_id = excluded.leaf_message_id",
        (scope.workspace_id, conversation_id, scope.user_id or "", message_id),
    )


def leaf(scope: Scope, conversation_id: str) -> Work[str | None]:
    """Return the last message of the branch the scope's user looks at; the newest leaf by default."""
    rows = yield (
        "SELECT m.id FROM conversation_members c JOIN messages m"
        " ON m.workspace_id = c.workspace_id AND m.id = c.leaf_message_id AND m.deleted_at IS NULL"
        " WHERE c.workspace_id = $1 AND c.conversation_id = $2 AND c.user_id = $3",
        (scope.workspace_id, conversation_id, scope.user_id or ""),
    )
    if rows:
        chosen_leaf: str = rows[0]["id"]
        return chosen_leaf
    return (yield from newest_leaf(scope, conversation_id))


def leaf_through(scope: Scope, conversation_id: str, message_id: str) -> Work[str]:
    """Return the end of a path through a message: of the one in use if it passes there, else of the newest.

    The newest message below another one is a leaf: whatever follows a message is newer.

    Raises:
        NotFound: it is not a living message of this conversation.
    """
    in_use = yield from leaf(scope, conversation_id)
    rows = yield (
        "WITH RECURSIVE below (id, created_seq, deleted_at) AS ("
        " SELECT id, created_seq, deleted_at FROM messages WHERE workspace_id = $1 AND id = $3"
        " AND conversation_id = $2 AND deleted_at IS NULL"
        " UNION SELECT m.id, m.created_seq, m.deleted_at FROM below b JOIN messages m"
        " ON m.workspace_id = $1 AND m.conversation_id = $2 AND m.parent_id = b.id)"
        " SELECT id FROM below WHERE deleted_at IS NULL"
        " ORDER BY CASE WHEN id = $4 THEN 0 ELSE 1 END, created_seq DESC LIMIT 1",
        (scope.workspace_id, conversation_id, message_id, in_use),
    )
    if not rows:
        raise NotFound("message", message_id)
    end: str = rows[0]["id"]
    return end


def newest_leaf(scope: Scope, conversation_id: str) -> Work[str | None]:
    """Return the newest living message: nothing newer can hang below it, so it is a leaf."""
    rows = yield (
        "SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = $2 AND deleted_at IS NULL"
        " ORDER BY created_seq DESC LIMIT 1",
        (scope.workspace_id, conversation_id),
    )
    return rows[0]["id"] if rows else None


_OF_MESSAGES = "IN (SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = $2)"
_OF_RUNS = "IN (SELECT id FROM runs WHERE workspace_id = $1 AND conversation_id = $2)"
_PURGE = (
    "DELETE FROM events WHERE workspace_id = $1 AND conversation_id = $2",
    f"DELETE FROM run_text WHERE workspace_id = $1 AND run_id {_OF_RUNS}",
    "DELETE FROM runs WHERE workspace_id = $1 AND conversation_id = $2",
    f"DELETE FROM message_parts WHERE workspace_id = $1 AND message_id {_OF_MESSAGES}",
    "DELETE FROM messages WHERE workspace_id = $1 AND conversation_id = $2",
    "DELETE FROM conversation_members WHERE workspace_id = $1 AND conversation_id = $2",
)
"""In the order the references between the tables allow."""


def _by_id(scope: Scope, conversation_id: str) -> Request:
    return (
        f"SELECT {_COLUMNS} FROM conversations WHERE workspace_id = $1 AND id = $2",
        (scope.workspace_id, conversation_id),
    )


def _set(
    scope: Scope, conversation_id: str, changes: dict[str, int | None], at_ms: int
) -> Work[Conversation]:
    return (
        yield from update_row(
            scope, Conversation, "conversations", conversation_id, dict(changes), None, at_ms
        )
    )


def _changed_page(
    where: Conditions, listing: Listing, limit: int, cursor: str | None, updated_since: int
) -> Work[Page[Conversation]]:
    where.add("updated_at >= {}", updated_since)
    if cursor is not None:
        where.add("(updated_at, id) > ({}, {})", *listing.decode(cursor, int, str))
    limit_mark = where.bind(limit + 1)
    rows = yield (
        f"SELECT {_COLUMNS} FROM conversations WHERE {where.text} ORDER BY updated_at, id LIMIT {limit_mark}",
        where.arguments,
    )
    return listing.page(from_rows(Conversation, rows), limit, lambda row: (row.updated_at, row.id))


def _new_row(scope: Scope, new: NewConversation, payload_hash: str | None, at_ms: int) -> Conversation:
    return Conversation(
        workspace_id=scope.workspace_id,
        id=new.id,
        project_id=new.project_id,
        owner_id=scope.user_id,
        title=new.title,
        title_source=new.title_source,
        visibility=new.visibility,
        origin=new.origin,
        model=new.model,
        params=new.params,
        system_prompt_ref=new.system_prompt_ref,
        head_seq=0,
        floor_seq=0,
        message_seq=0,
        message_count=0,
        last_message_at=at_ms,
        archived_at=None,
        forked_from_conversation_id=new.forked_from_conversation_id,
        forked_from_message_id=new.forked_from_message_id,
        payload_hash=payload_hash,
        created_at=at_ms,
        updated_at=at_ms,
        version=1,
        deleted_at=None,
        purged_at=None,
    )
