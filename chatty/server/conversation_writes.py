"""What changing a conversation writes: units of work `(scope, params, at_ms)`, the change with its event.

Nothing here waits, publishes or decides who may.
"""

from chatty.protocol import conversation as models
from chatty.server import wire
from chatty.server.records import Changed, record
from chatty.server.turns import payload_hash
from chatty.store import conversations, projects, rows
from chatty.store.database import Scope, Work


def create(scope: Scope, params: models.ConversationCreateParams, at_ms: int) -> Work[Changed]:
    """Make an empty conversation; the same request again changes nothing."""
    if params.project_id is not None:
        yield from projects.get(scope, params.project_id)
    inserted = yield from conversations.insert(
        scope,
        rows.NewConversation(
            id=params.id,
            project_id=params.project_id,
            title=params.title or "New conversation",
            title_source="user" if params.title else "none",
            origin=params.origin,
            model=params.model,
            params=wire.dump({"system": params.system} if params.system else {}),
        ),
        payload_hash(params),
        at_ms,
    )
    if inserted.duplicate:
        return inserted.row, []
    return (yield from record(scope, inserted.row, "conversation.created", at_ms))


def set_leaf(scope: Scope, params: models.ConversationSetLeafParams) -> Work[str]:
    """Choose the path in use and return its end. Raises NotFound."""
    leaf: str = params.message_id
    if params.through:
        leaf = yield from conversations.leaf_through(scope, params.conversation_id, params.message_id)
    yield from conversations.set_leaf(scope, params.conversation_id, leaf)
    return leaf


def update(scope: Scope, params: models.ConversationUpdateParams, at_ms: int) -> Work[Changed]:
    """Change the named members of a conversation. Raises NotFound, VersionConflict."""
    named = params.model_fields_set
    patch: conversations.ConversationPatch = {}
    if params.title is not None:
        patch["title"] = params.title
        patch["title_source"] = "user"
    if "project_id" in named:
        if params.project_id is not None:
            yield from projects.get(scope, params.project_id)
        patch["project_id"] = params.project_id
    if "model" in named:
        patch["model"] = params.model
    if named & {"system", "params"}:
        settings = wire.load((yield from conversations.get(scope, params.conversation_id)).params)
        if "system" in named:
            settings["system"] = params.system
        if "params" in named:
            settings["options"] = params.params
        patch["params"] = wire.dump({key: value for key, value in settings.items() if value})
    row = yield from conversations.update(scope, params.conversation_id, patch, params.if_version, at_ms)
    return (yield from record(scope, row, "conversation.updated", at_ms))


def archive(scope: Scope, params: models.ConversationRefParams, at_ms: int) -> Work[Changed]:
    """Put a conversation out of sight. Raises NotFound."""
    row = yield from conversations.archive(scope, params.conversation_id, at_ms)
    return (yield from record(scope, row, "conversation.archived", at_ms))


def restore(scope: Scope, params: models.ConversationRefParams, at_ms: int) -> Work[Changed]:
    """Undo archiving or deleting. Raises NotFound."""
    row = yield from conversations.restore(scope, params.conversation_id, at_ms)
    return (yield from record(scope, row, "conversation.restored", at_ms))


def delete(scope: Scope, params: models.ConversationDeleteParams, at_ms: int) -> Work[Changed]:
    """Hide a conversation until it is restored or purged. Raises NotFound."""
    row = yield from conversations.delete(scope, params.conversation_id, at_ms)
    return (yield from record(scope, row, "conversation.deleted", at_ms))
