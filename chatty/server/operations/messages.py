"""Saying something, and what follows from it."""

from chatty.protocol import message as models
from chatty.protocol.errors import ProtocolError
from chatty.protocol.part import Part
from chatty.protocol.run_status import ACTIVE_RUN_STATUSES
from chatty.server import acceptance, reading, turns, wire
from chatty.server.context import RequestContext
from chatty.server.registry import operation
from chatty.server.turns import Turn
from chatty.store import messages, rows
from chatty.store.database import Scope, Work
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
    """Add a message and, usually, ask for a reply. Answered when both are on the disk."""
    _refuse_large(context, params.parts)
    draft = params.conversation.create
    if draft is not None and draft.ephemeral:
        await acceptance.keep_in_memory(context, params.conversation.id)
    turn = Turn(
        conversation_id=params.conversation.id,
        message_id=params.id,
        parts=params.parts,
        mode=params.mode,
        parent_id=params.parent_id,
        create=draft,
        run=params.run,
        choice=await acceptance.choose_model(context, params.conversation.id, params.run, draft),
    )
    is_new_watcher = params.subscribe and context.connection.subscription(params.conversation.id) is None
    subscription = context.connection.subscribe(params.conversation.id) if is_new_watcher else None
    try:
        accepted = await acceptance.accept(context, turn, turns.payload_hash(params))
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
    """Write another version of a message beside it, and usually ask for a reply to that."""
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
        choice=await acceptance.choose_model(context, params.conversation_id, params.run, None),
        edited_from_id=edited.id,
    )
    return _answer(context, await acceptance.accept(context, turn, turns.payload_hash(params)))


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
    """Ask for another reply beside the one there is."""
    message = await _message(context, params.conversation_id, params.message_id)
    answered = message.parent_id if message.role == "assistant" else message.id
    if answered is None:
        raise ProtocolError("invalid_params", "this reply answers nothing; there is nothing to ask again")
    accepted = await acceptance.begin(context, turns.add_reply, params.conversation_id, answered, params.run)
    return _answer(context, accepted)


@operation(
    "message.continue",
    models.MessageContinueParams,
    models.MessageSendResult,
    kind="mutation",
    permission="message.write",
    errors=(*TURN_ERRORS, "conflict/not_resumable"),
)
async def go_on(context: RequestContext, params: models.MessageContinueParams) -> models.MessageSendResult:
    """Go on with a reply that ended early: its text is kept and grows."""
    if params.run.reply_id != params.message_id:
        raise ProtocolError("invalid_params", "run.reply_id: a reply that goes on keeps its id")
    accepted = await acceptance.begin(
        context, turns.resume_reply, params.conversation_id, params.message_id, params.run
    )
    return _answer(context, accepted)


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
    """Fetch a page of the path that ends in a leaf, newest page first."""
    if params.before is not None and params.after is not None:
        raise ProtocolError("invalid_params", "before, after: a page lies on one side of a message")
    page = await context.services.stores.of(params.conversation_id).read(
        context.scope, _page, params, _authors(context)
    )
    shown = [_with_text_in_flight(context, message) for message in page.messages]
    return models.MessageListResult(
        messages=shown, siblings=page.siblings, has_older=page.has_older, has_newer=page.has_newer
    )


@operation(
    "message.tree",
    models.MessageTreeParams,
    models.MessageTreeResult,
    kind="query",
    permission="message.read",
    errors=("cursor_expired",),
)
async def tree(context: RequestContext, params: models.MessageTreeParams) -> models.MessageTreeResult:
    """Fetch the shape of a whole conversation, page by page."""
    page = await context.services.stores.of(params.conversation_id).read(
        context.scope, reading.tree, params.conversation_id, params.limit, params.cursor
    )
    return models.MessageTreeResult(nodes=page.items, next=page.next_cursor)


def _answer(context: RequestContext, accepted: turns.Accepted) -> models.MessageSendResult:
    return models.MessageSendResult(
        message=wire.message(accepted.message, accepted.message_parts, authors=_authors(context)),
        run=wire.run(accepted.run) if accepted.run else None,
        seq=accepted.seq,
        duplicate=accepted.duplicate,
        branched=accepted.branched,
    )


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


def _page(scope: Scope, params: models.MessageListParams, authors: reading.Authors) -> Work[reading.PathPage]:
    place = params.conversation_id, params.leaf
    if params.after is not None:
        return (yield from reading.path_after(scope, *place, params.after, params.limit, authors))
    return (yield from reading.path(scope, *place, params.before, params.limit, authors))


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
