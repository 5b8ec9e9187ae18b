"""Saying something, and what follows from it."""

from chatty.protocol import message as models
from chatty.protocol.errors import ProtocolError
from chatty.protocol.message import ConversationDraft, RunDraft
from chatty.protocol.part import Part
from chatty.protocol.run import ACTIVE_RUN_STATUSES
from chatty.server import reading, turns, wire
from chatty.server.clock import now_ms
from chatty.server.context import RequestContext
from chatty.server.live.active import Ticket
from chatty.server.live.hub import PublishedEvent
from chatty.server.registry import operation
from chatty.server.turns import NoModel, Turn
from chatty.store import conversations, messages, projects, rows
from chatty.store.errors import NotFound

TURN_ERRORS = (
    "conflict/parent_moved",
    "conflict/run_active",
    "conflict/idempotency_mismatch",
    "invalid_params/model_ambiguous",
    "too_large/parts",
    "unavailable/draining",
)


@operation(
    "message.send",
    models.MessageSendParams,
    models.MessageSendResult,
    kind="mutation",
    permission="message.write",
    errors=TURN_ERRORS,
)
async def send(context: RequestContext, params: models.MessageSendParams) -> models.MessageSendResult:
    """Take a message in and begin the reply."""
    _refuse_large(context, params.parts)
    draft = params.conversation.create
    if draft is not None and draft.ephemeral:
        await _keep_in_memory(context, params.conversation.id)
    turn = Turn(
        conversation_id=params.conversation.id,
        message_id=params.id,
        parts=params.parts,
        mode=params.mode,
        parent_id=params.parent_id,
        create=draft,
        run=params.run,
        choice=await _choice(context, params.conversation.id, params.run, draft),
    )
    is_new_watcher = params.subscribe and context.connection.subscription(params.conversation.id) is None
    subscription = context.connection.subscribe(params.conversation.id) if is_new_watcher else None
    try:
        accepted = await _accept(context, turn, turns.payload_hash(params))
    except BaseException:
        if subscription is not None:
            context.connection.unsubscribe(params.conversation.id)
        raise
    if subscription is not None:
        head = accepted.events[0].seq - 1 if accepted.events else accepted.seq
        context.after_answer.append(lambda: subscription.release(head))
    if params.subscribe and accepted.run is not None and accepted.run.status in ACTIVE_RUN_STATUSES:
        context.awaits_run = accepted.run.id
    return _answer(context, accepted)


@operation(
    "message.edit",
    models.MessageEditParams,
    models.MessageSendResult,
    kind="mutation",
    permission="message.write",
    errors=TURN_ERRORS,
)
async def edit(context: RequestContext, params: models.MessageEditParams) -> models.MessageSendResult:
    """Write a sibling of a message and begin a reply to it."""
    _refuse_large(context, params.parts)
    edited = await _message(context, params.conversation_id, params.message_id)
    if edited.role != "user":
        raise ProtocolError("invalid_params", "only people's messages are edited; regenerate a reply instead")
    turn = Turn(
        conversation_id=params.conversation_id,
        message_id=params.id,
        parts=params.parts,
        mode="branch",
        parent_id=edited.parent_id,
        run=params.run,
        choice=await _choice(context, params.conversation_id, params.run, None),
        edited_from_id=edited.id,
    )
    return _answer(context, await _accept(context, turn, turns.payload_hash(params)))


@operation(
    "message.regenerate",
    models.MessageRegenerateParams,
    models.MessageSendResult,
    kind="mutation",
    permission="message.write",
    errors=TURN_ERRORS,
)
async def regenerate(
    context: RequestContext, params: models.MessageRegenerateParams
) -> models.MessageSendResult:
    """Begin another reply beside the one there is."""
    message = await _message(context, params.conversation_id, params.message_id)
    answered = message.parent_id if message.role == "assistant" else message.id
    if answered is None:
        raise ProtocolError("invalid_params", "this reply answers nothing; there is nothing to ask again")
    return await _begin(context, turns.add_reply, params.conversation_id, answered, params.run)


@operation(
    "message.continue",
    models.MessageContinueParams,
    models.MessageSendResult,
    kind="mutation",
    permission="message.write",
    errors=(*TURN_ERRORS, "conflict/not_resumable"),
)
async def go_on(context: RequestContext, params: models.MessageContinueParams) -> models.MessageSendResult:
    """Begin a run that goes on with a reply that ended early."""
    if params.run.reply_id != params.message_id:
        raise ProtocolError("invalid_params", "run.reply_id: a reply that goes on keeps its id")
    return await _begin(context, turns.resume_reply, params.conversation_id, params.message_id, params.run)


@operation(
    "message.get",
    models.MessageGetParams,
    models.MessageGetResult,
    kind="query",
    permission="message.read",
)
async def get(context: RequestContext, params: models.MessageGetParams) -> models.MessageGetResult:
    """Fetch one message."""
    message = await context.services.stores.of(params.conversation_id).read(
        context.scope, reading.message, params.conversation_id, params.message_id, _authors(context)
    )
    return models.MessageGetResult(message=_with_text_in_flight(context, message))


@operation(
    "message.list",
    models.MessageListParams,
    models.MessageListResult,
    kind="query",
    permission="message.read",
)
async def list_(context: RequestContext, params: models.MessageListParams) -> models.MessageListResult:
    """Fetch a page of a path."""
    page = await context.services.stores.of(params.conversation_id).read(
        context.scope,
        reading.path,
        params.conversation_id,
        params.leaf,
        params.before,
        params.limit,
        _authors(context),
    )
    shown = [_with_text_in_flight(context, message) for message in page.messages]
    return models.MessageListResult(messages=shown, siblings=page.siblings, has_older=page.has_older)


@operation(
    "message.tree",
    models.MessageTreeParams,
    models.MessageTreeResult,
    kind="query",
    permission="message.read",
)
async def tree(context: RequestContext, params: models.MessageTreeParams) -> models.MessageTreeResult:
    """Fetch a page of the shape of a conversation."""
    page = await context.services.stores.of(params.conversation_id).read(
        context.scope, reading.tree, params.conversation_id, params.limit, params.cursor
    )
    return models.MessageTreeResult(nodes=page.items, next=page.next_cursor)


# What the four ways to begin a reply share


async def _accept(context: RequestContext, turn: Turn, digest: str) -> turns.Accepted:
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


async def _begin(
    context: RequestContext, begin: turns.Begin, conversation_id: str, message_id: str, draft: RunDraft
) -> models.MessageSendResult:
    services = context.services
    services.refuse_if_read_only()
    services.engine.refuse_if_draining()
    choice = await _choice(context, conversation_id, draft, None)
    assert choice is not None
    accepted = await services.stores.of(conversation_id).write(
        context.scope,
        begin,
        conversation_id,
        message_id,
        draft,
        choice,
        services.engine.lease(),
        now_ms(),
    )
    _carry_on(context, accepted)
    return _answer(context, accepted)


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
    if accepted.is_behind_another:
        services.engine.start_after(accepted.message.parent_id or "", ticket)
    else:
        services.engine.start(ticket)


def _answer(context: RequestContext, accepted: turns.Accepted) -> models.MessageSendResult:
    return models.MessageSendResult(
        message=wire.message(accepted.message, accepted.message_parts, authors=_authors(context)),
        run=wire.run(accepted.run) if accepted.run else None,
        seq=accepted.seq,
        duplicate=accepted.duplicate,
        branched=accepted.branched,
    )


async def _choice(
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


async def _keep_in_memory(context: RequestContext, conversation_id: str) -> None:
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


async def _message(context: RequestContext, conversation_id: str, message_id: str) -> rows.Message:
    message = await context.services.stores.of(conversation_id).read(context.scope, messages.get, message_id)
    if message.conversation_id != conversation_id:
        raise NotFound("message", message_id)
    return message


def _with_text_in_flight(context: RequestContext, message: models.Message) -> models.Message:
    """Return a message with the parts that are being written as they are now; the store has them later."""
    parts = list(message.parts)
    for writing in context.services.hub.open_parts(message.conversation_id):
        if writing.message_id == message.id and writing.part <= len(parts):
            part = Part(type=writing.type, text=writing.text(), status="streaming", g=writing.g)
            parts[writing.part : writing.part + 1] = [part]
    return message.model_copy(update={"parts": parts})


def _authors(context: RequestContext) -> dict[str, str]:
    return {context.principal.user_id: context.principal.user_name}


def _refuse_large(context: RequestContext, parts: models.Parts) -> None:
    limit = context.services.limits.max_text_bytes
    if sum(len(part.text.encode("utf-8", "surrogatepass")) for part in parts) > limit:
        raise ProtocolError(
            "too_large/parts",
            f"a message holds at most {limit >> 20} MiB of text; nothing was sent",
            details={"max_bytes": limit},
        )
