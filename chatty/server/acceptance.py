"""Taking a request for a reply in: the model is chosen, the turn written, the run in the engine's hands.

What is written is in `turns`; which requests there are, and what they answer, in the operations.
"""

from chatty.protocol.errors import ProtocolError
from chatty.protocol.message import ConversationDraft, RunDraft
from chatty.server import turns
from chatty.server.clock import now_ms
from chatty.server.context import RequestContext
from chatty.server.live.active import Ticket
from chatty.server.live.hub import PublishedEvent
from chatty.server.turns import NoModel, Turn
from chatty.store import conversations, projects
from chatty.store.errors import NotFound


async def accept(context: RequestContext, turn: Turn, digest: str) -> turns.Accepted:
    """Take a message in, and hand its run to the engine.

    Raises:
        ProtocolError: `unavailable/draining`, `storage/*`, or what `turns.accept` raises.
    """
    services = context.services
    services.refuse_if_read_only()
    if turn.run is not None:
        services.engine.refuse_if_draining()
    accepted = await services.stores.of(turn.conversation_id).write(
        context.scope,
        turns.accept,
        turn,
        digest,
        context.principal.user_name,
        services.engine.lease(),
        now_ms(),
    )
    _carry_on(context, accepted)
    return accepted


async def begin(
    context: RequestContext, work: turns.Begin, conversation_id: str, message_id: str, draft: RunDraft
) -> turns.Accepted:
    """Begin a run without a new message, and hand it to the engine.

    Raises:
        ProtocolError: `unavailable/draining`, `storage/*`, why no model can answer, or what the work raises.
    """
    services = context.services
    services.refuse_if_read_only()
    services.engine.refuse_if_draining()
    choice = await choose_model(context, conversation_id, draft, None)
    assert choice is not None
    accepted = await services.stores.of(conversation_id).write(
        context.scope,
        work,
        conversation_id,
        message_id,
        draft,
        choice,
        services.engine.lease(),
        now_ms(),
    )
    _carry_on(context, accepted)
    return accepted


def _carry_on(context: RequestContext, accepted: turns.Accepted) -> None:
    """After the commit: tell everybody, and hand the run to the engine."""
    if accepted.duplicate:
        return
    services, conversation = context.services, accepted.conversation
    services.hub.publish(
        conversation.id, [PublishedEvent(event.seq, event.body.encode()) for event in accepted.events]
    )
    services.tell_workspace(services.shown(conversation))
    if accepted.run is None:
        return
    ticket = Ticket(
        run=accepted.run,
        scope=context.scope,
        database=services.stores.of(conversation.id),
        credentials=context.connection.credentials,
        context=accepted.context,
        fails_without_key=context.connection.is_one_shot,
    )
    if accepted.waits_for is not None:
        services.engine.start_after(accepted.waits_for, ticket)
    else:
        services.engine.start(ticket)


async def choose_model(
    context: RequestContext, conversation_id: str, run: RunDraft | None, draft: ConversationDraft | None
) -> turns.Choice | None:
    """Return which model answers: the run's, else the conversation's, the project's, the default."""
    if run is None:
        return None
    try:
        wanted = run.model or await _kept_choice(context, conversation_id, draft)
        return await context.services.endpoints.choose(context.scope, wanted, context.connection.credentials)
    except (ProtocolError, NotFound) as reason:
        return NoModel(reason)


async def _kept_choice(
    context: RequestContext, conversation_id: str, draft: ConversationDraft | None
) -> str | None:
    """Return what the conversation says, else what it is to be made with, else its project."""
    database = context.services.stores.of(conversation_id)
    row = await database.read(context.scope, conversations.find, conversation_id)
    kept = row or draft
    model, project_id = (kept.model, kept.project_id) if kept else (None, None)
    if model is None and project_id is not None:
        project = await context.services.stores.durable.read(context.scope, projects.get, project_id)
        model = project.default_model
    return model


async def keep_in_memory(context: RequestContext, conversation_id: str) -> None:
    """Give a conversation to the database in memory, until the connection ends."""
    services, connection = context.services, context.connection
    if services.stores.is_ephemeral(conversation_id):
        return
    if await services.stores.durable.read(context.scope, conversations.find, conversation_id) is not None:
        raise ProtocolError("conflict/idempotency_mismatch", "this conversation exists, and it is kept")
    await services.stores.keep_in_memory(conversation_id)

    async def forget() -> None:
        await services.forget_ephemeral(context.scope, conversation_id)

    connection.on_ephemeral_end[conversation_id] = forget
