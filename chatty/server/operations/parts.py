"""Parts: how a client fills a gap in the text it was sent."""

from chatty.protocol import part as models
from chatty.server.context import RequestContext
from chatty.server.registry import operation
from chatty.store import messages, rows
from chatty.store import parts as part_rows
from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound


@operation("part.read", models.PartReadParams, models.PartReadResult, kind="query", permission="message.read")
async def read(context: RequestContext, params: models.PartReadParams) -> models.PartReadResult:
    """Read a stretch of a part: from memory while it is written, else from the store."""
    services = context.services
    message, found = await services.stores.of(params.conversation_id).read(
        context.scope, _read, params.conversation_id, params.message_id, params.part
    )
    for part in services.hub.open_parts(params.conversation_id):
        if (part.message_id, part.part) == (params.message_id, params.part):
            text = part.text_from(params.from_)[: params.limit]
            return models.PartReadResult(
                type=part.type, text=text, len=part.length, g=part.g, status="streaming"
            )
    if found is None:
        raise NotFound("part", message.id)
    whole = found.text or ""
    return models.PartReadResult(
        type=found.type,
        text=whole[params.from_ : params.from_ + params.limit],
        len=len(whole),
        g=found.g,
        status="completed",
    )


def _read(
    scope: Scope, conversation_id: str, message_id: str, index: int
) -> Work[tuple[rows.Message, rows.Part | None]]:
    message = yield from messages.get(scope, message_id)
    if message.conversation_id != conversation_id:
        raise NotFound("message", message_id)
    pieces = (yield from part_rows.of_messages(scope, [message_id]))[message_id]
    return message, next((piece for piece in pieces if piece.idx == index), None)
