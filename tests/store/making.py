"""Rows for tests, made with as little noise as possible."""

from collections.abc import Sequence

from chatty.protocol.ids import new_id
from chatty.store import messages, search
from chatty.store.database import SYSTEM, Database, Scope, Work
from chatty.store.rows import (
    Message,
    MessageStatus,
    NewConversation,
    NewMessage,
    NewPart,
    NewRun,
    SearchHit,
    User,
    Workspace,
)
from chatty.store.statements import insert

NOW = 1_700_000_000_000


def new_conversation(title: str = "", project_id: str | None = None) -> NewConversation:
    return NewConversation(new_id(), project_id, title)


def new_run(reply: Message) -> NewRun:
    return NewRun(new_id(), reply.conversation_id, reply.id, reply.parent_id)


async def say(
    database: Database,
    scope: Scope,
    conversation_id: str,
    text: str,
    parent_id: str | None = None,
    at_ms: int = NOW,
) -> Message:
    """Insert a completed message of the user with one text part."""
    message = NewMessage(new_id(), conversation_id, "user", parent_id, scope.user_id)
    parts = [NewPart(text=text)]
    return (await database.write(scope, messages.insert, message, parts, None, at_ms)).row


async def begin_reply(
    database: Database,
    scope: Scope,
    parent: Message,
    status: MessageStatus = "pending",
    parts: Sequence[NewPart] = (NewPart(status="open"),),
    at_ms: int = NOW,
) -> Message:
    """Insert the stub of a reply."""
    message = NewMessage(new_id(), parent.conversation_id, "assistant", parent.id, status=status, model="m-1")
    return (await database.write(scope, messages.insert, message, parts, None, at_ms)).row


async def find(
    database: Database, scope: Scope, text: str, filters: search.Filters | None = None
) -> list[SearchHit]:
    """Return the first page of a search."""
    return (await database.read(scope, search.query, search.parse(text), 20, None, filters)).items


async def other_tenant(database: Database) -> Scope:
    """Make a second workspace with its own user."""
    return await database.write(SYSTEM, _insert_tenant)


def _insert_tenant(_scope: Scope) -> Work[Scope]:
    workspace = Workspace(new_id(), new_id(), "Other", None, NOW, NOW, 1)
    user = User(new_id(), None, "other", "active", None, NOW, NOW, 1)
    yield insert("workspaces", workspace)
    yield insert("users", user)
    return Scope(workspace.id, user.id)
