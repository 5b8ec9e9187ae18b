"""Conversations: listing, changing, watching, copying, and taking them out and in."""

from collections.abc import Callable
from typing import TypeVar

from chatty.protocol import conversation as models
from chatty.protocol.base import Empty
from chatty.protocol.errors import ProtocolError
from chatty.server import conversation_writes, snapshots, transfer
from chatty.server.clock import milliseconds, now_ms
from chatty.server.context import RequestContext
from chatty.server.live.hub import PublishedEvent
from chatty.server.records import Changed
from chatty.server.registry import operation
from chatty.store import conversations, runs
from chatty.store.database import Scope, Work

ParamsT = TypeVar("ParamsT")
Change = Callable[[Scope, ParamsT, int], Work[Changed]]
"""A unit of work `(scope, params, at_ms)` that changes a conversation and says so in its log."""


@operation(
    "conversation.list",
    models.ConversationListParams,
    models.ConversationListResult,
    kind="query",
    permission="conversation.read",
    errors=("cursor_expired",),
)
async def list_(
    context: RequestContext, params: models.ConversationListParams
) -> models.ConversationListResult:
    """List conversations by activity, newest first."""
    since = None if params.updated_since is None else milliseconds(params.updated_since)
    page = await context.services.stores.durable.read(
        context.scope,
        conversations.list_page,
        params.limit,
        params.cursor,
        params.project_id,
        params.archived,
        params.origin,
        since,
    )
    return models.ConversationListResult(
        items=[context.services.shown(row) for row in page.items], next=page.next_cursor
    )


@operation(
    "conversation.get",
    models.ConversationGetParams,
    models.ConversationResult,
    kind="query",
    permission="conversation.read",
)
async def get(context: RequestContext, params: models.ConversationGetParams) -> models.ConversationResult:
    """Fetch one conversation."""
    row = await context.services.stores.of(params.conversation_id).read(
        context.scope, conversations.get, params.conversation_id
    )
    return models.ConversationResult(conversation=context.services.shown(row))


@operation(
    "conversation.create",
    models.ConversationCreateParams,
    models.ConversationMadeResult,
    kind="mutation",
    permission="conversation.write",
    errors=("conflict/idempotency_mismatch",),
)
async def create(
    context: RequestContext, params: models.ConversationCreateParams
) -> models.ConversationMadeResult:
    """Make an empty conversation."""
    return _made(await _change(context, params.id, conversation_writes.create, params))


@operation(
    "conversation.update",
    models.ConversationUpdateParams,
    models.ConversationResult,
    kind="mutation",
    permission="conversation.write",
    errors=("conflict/version",),
)
async def update(
    context: RequestContext, params: models.ConversationUpdateParams
) -> models.ConversationResult:
    """Change a conversation. Absent = unchanged, `null` = cleared."""
    if "title" in params.model_fields_set and params.title is None:
        raise ProtocolError("invalid_params", "title: a conversation always has one")
    return await _change(context, params.conversation_id, conversation_writes.update, params)


@operation(
    "conversation.archive",
    models.ConversationRefParams,
    models.ConversationResult,
    kind="mutation",
    permission="conversation.write",
)
async def archive(context: RequestContext, params: models.ConversationRefParams) -> models.ConversationResult:
    """Put a conversation out of sight."""
    return await _change(context, params.conversation_id, conversation_writes.archive, params)


@operation(
    "conversation.restore",
    models.ConversationRefParams,
    models.ConversationResult,
    kind="mutation",
    permission="conversation.write",
)
async def restore(context: RequestContext, params: models.ConversationRefParams) -> models.ConversationResult:
    """Undo archiving or deleting."""
    return await _change(context, params.conversation_id, conversation_writes.restore, params)


@operation(
    "conversation.delete",
    models.ConversationDeleteParams,
    models.ConversationResult,
    kind="mutation",
    permission="conversation.write",
)
async def delete(
    context: RequestContext, params: models.ConversationDeleteParams
) -> models.ConversationResult:
    """Delete a conversation; `conversation.restore` undoes it until its text is purged."""
    await _stop_runs(context, params.conversation_id)
    await context.services.engine.settled(params.conversation_id)
    deleted = await _change(context, params.conversation_id, conversation_writes.delete, params)
    if params.for_good:
        await _stop_runs(context, params.conversation_id)  # one may have begun before it was deleted
        await context.services.engine.settled(params.conversation_id)
        database = context.services.stores.of(params.conversation_id)
        await database.write(context.scope, conversations.purge, params.conversation_id, now_ms())
        await database.scrub()
    return deleted


@operation(
    "conversation.fork",
    models.ConversationForkParams,
    models.ConversationMadeResult,
    kind="mutation",
    permission="conversation.write",
    errors=("conflict/idempotency_mismatch",),
)
async def fork(
    context: RequestContext, params: models.ConversationForkParams
) -> models.ConversationMadeResult:
    """Copy the path up to a message into a new conversation."""
    return _made(await _change(context, params.id, transfer.fork, params))


@operation(
    "conversation.set_leaf",
    models.ConversationSetLeafParams,
    models.ConversationSetLeafResult,
    kind="mutation",
    permission="conversation.read",
)
async def set_leaf(
    context: RequestContext, params: models.ConversationSetLeafParams
) -> models.ConversationSetLeafResult:
    """Choose the path in use, for this user only; nobody else is told."""
    context.services.refuse_if_read_only()
    leaf = await context.services.stores.of(params.conversation_id).write(
        context.scope, conversation_writes.set_leaf, params
    )
    return models.ConversationSetLeafResult(leaf=leaf)


@operation(
    "conversation.subscribe",
    models.ConversationSubscribeParams,
    models.ConversationSubscribeResult,
    kind="subscription",
    permission="conversation.read",
)
async def subscribe(
    context: RequestContext, params: models.ConversationSubscribeParams
) -> models.ConversationSubscribeResult:
    """Watch a conversation: what was missed first, then everything live.

    Attach, read the state, answer, release: in this order, so that nothing falls between.
    """
    services, connection = context.services, context.connection
    subscription = connection.subscribe(params.conversation_id, deltas=params.deltas)
    try:
        state = await services.stores.of(params.conversation_id).read(
            context.scope, snapshots.read, params, services.history_id, context.principal
        )
    except BaseException:
        connection.unsubscribe(params.conversation_id)
        raise
    # From here to the release nothing may wait: the open parts are taken at the very moment of answering.
    open_parts = services.hub.open_parts(params.conversation_id)
    for part in open_parts:
        connection.outbound.caught_up(part, part.length)
    context.after_answer.append(lambda: subscription.release(state.head))
    return snapshots.answer(state, open_parts, services)


@operation(
    "conversation.unsubscribe",
    models.ConversationRefParams,
    Empty,
    kind="mutation",
    permission="conversation.read",
)
async def unsubscribe(context: RequestContext, params: models.ConversationRefParams) -> Empty:
    """Stop watching."""
    context.connection.unsubscribe(params.conversation_id)
    return Empty()


@operation(
    "conversation.export",
    models.ConversationExportParams,
    models.ConversationExportResult,
    kind="query",
    permission="conversation.read",
)
async def export(
    context: RequestContext, params: models.ConversationExportParams
) -> models.ConversationExportResult:
    """Give out a whole conversation, every branch of it."""
    exported = await context.services.stores.of(params.conversation_id).read(
        context.scope, transfer.export, params.conversation_id
    )
    return models.ConversationExportResult(conversation=exported)


@operation(
    "conversation.import",
    models.ConversationImportParams,
    models.ConversationImportResult,
    kind="mutation",
    permission="conversation.write",
    errors=("conflict/idempotency_mismatch",),
)
async def import_(
    context: RequestContext, params: models.ConversationImportParams
) -> models.ConversationImportResult:
    """Take over an exported conversation, unless it is here already."""
    services = context.services
    services.refuse_if_read_only()
    taken = await services.stores.durable.write(
        context.scope, transfer.take_over, params.conversation, now_ms()
    )
    if taken.row is not None:
        services.tell_workspace(services.shown(taken.row))
    return models.ConversationImportResult(
        conversation_id=params.conversation.id, messages=taken.messages, skipped=taken.row is None
    )


# What every change shares: write, publish, tell


async def _change(
    context: RequestContext, conversation_id: str, work: Change[ParamsT], params: ParamsT
) -> models.ConversationResult:
    """Run a unit of work `(scope, params, at_ms) -> (row, events)` and tell what came of it."""
    services = context.services
    services.refuse_if_read_only()
    row, stored = await services.stores.of(conversation_id).write(context.scope, work, params, now_ms())
    services.hub.publish(
        conversation_id, [PublishedEvent(event.seq, event.body.encode()) for event in stored]
    )
    shown = services.shown(row)
    services.tell_workspace(shown)
    return models.ConversationResult(conversation=shown, seq=stored[-1].seq if stored else None)


def _made(changed: models.ConversationResult) -> models.ConversationMadeResult:
    """Say whether the conversation was here before: then nothing was written, and no event tells of it."""
    return models.ConversationMadeResult(
        conversation=changed.conversation, seq=changed.seq, duplicate=changed.seq is None
    )


async def _stop_runs(context: RequestContext, conversation_id: str) -> None:
    active = await context.services.stores.of(conversation_id).read(
        context.scope, runs.list_active, conversation_id
    )
    for run in active:
        await context.services.engine.cancel(run)
