"""What a run writes, from its start to its end: each function is one transaction, or a piece of one.

The change and its events go together, so that neither can exist without the other. When they are
called is the engine's business; how a run comes to be is in `turns`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chatty.protocol.run import Usage
from chatty.server import wire
from chatty.store import events, messages, rows, run_text, runs
from chatty.store import parts as part_rows
from chatty.store import usage as usage_rows
from chatty.store.database import Scope, Work

EndStatus = Literal["completed", "cancelled", "failed", "interrupted"]
EventDraft = tuple[str, str | None, Mapping[str, object]]
"""Type, actor and data of an event to be appended."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who carries a run out, and until when others leave it alone."""

    owner: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Text of a run that is not on disk yet, and what must be said about its part."""

    run: rows.Run
    scope: Scope
    part: int
    part_type: str
    g: int
    offset: int
    text: str
    """For a new part everything from its beginning, so that the pieces on disk have no gap."""
    base: int
    """Code points the part had before this run."""
    is_new: bool
    """The part has not been announced: a `part.started` event goes with it."""


@dataclass(frozen=True, slots=True)
class FinishedPart:
    """A part of a reply as it stands at the end of a run."""

    index: int
    type: str
    text: str
    g: int
    base: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended and what it left."""

    status: EndStatus
    finish_reason: str | None
    error: Mapping[str, Any] | None
    parts: Sequence[FinishedPart]
    usage: rows.NewUsageRecord | None
    provider_request_id: str | None = None


def start(
    scope: Scope, run: rows.Run, lease: Lease, at_ms: int
) -> Work[tuple[rows.Run | None, list[rows.StoredEvent]]]:
    """Take a queued run and say that it has started; `None` when it was cancelled or taken before."""
    news: list[EventDraft] = []
    taken = yield from claim(scope, run, lease, news, at_ms)
    stored = yield from events.append(scope, run.conversation_id or "", news, at_ms)
    return taken, stored


def wait(scope: Scope, run: rows.Run, at_ms: int, reason: str) -> Work[list[rows.StoredEvent]]:
    """Say that a run cannot go on until somebody does something. Raises FenceLost."""
    yield from runs.set_status(scope, run.id, run.fence, "waiting", at_ms)
    data = {"run_id": run.id, "message_id": run.message_id, "reason": reason, "provider": run.provider}
    return (yield from events.append(scope, run.conversation_id or "", [("run.waiting", None, data)], at_ms))


def go_on(scope: Scope, run: rows.Run, at_ms: int) -> Work[list[rows.StoredEvent]]:
    """Say that a run that waited goes on: it has started again. Raises FenceLost."""
    yield from runs.set_status(scope, run.id, run.fence, "running", at_ms)
    return (yield from events.append(scope, run.conversation_id or "", [_run_started(run)], at_ms))


def keep_text(scope: Scope, pieces: Sequence[TextPiece], at_ms: int) -> Work[list[rows.StoredEvent]]:
    """Put text in flight on disk, with the announcement of parts that are new."""
    stored: list[rows.StoredEvent] = []
    for piece in pieces:
        if piece.is_new:
            stored += yield from _open_part(piece, at_ms)
        yield from run_text.append(piece.scope, piece.run.id, piece.part, piece.g, piece.offset, piece.text)
    return stored


def _open_part(piece: TextPiece, at_ms: int) -> Work[list[rows.StoredEvent]]:
    message_id = piece.run.message_id or ""
    kept = piece.text[: piece.base]
    part = rows.NewPart(type=piece.part_type, text=kept, status="open", g=piece.g)
    yield from part_rows.put(piece.scope, message_id, piece.part, part)
    started = _part_started(message_id, piece.part, piece.part_type, piece.g, piece.base)
    return (yield from events.append(piece.scope, piece.run.conversation_id or "", [started], at_ms))


def finish(scope: Scope, run: rows.Run, ending: Ending, at_ms: int) -> Work[list[rows.StoredEvent]]:
    """End a run: its text folded into the message, usage recorded, everybody told.

    Raises:
        FenceLost: the run has another owner by now; nothing was written.
    """
    message_id = run.message_id or ""
    error = wire.dump(ending.error) if ending.error else None
    yield from runs.finish(scope, run.id, run.fence, ending.status, at_ms, error, ending.provider_request_id)
    news: list[EventDraft] = []
    for part in ending.parts:
        yield from part_rows.put(
            scope,
            message_id,
            part.index,
            rows.NewPart(type=part.type, text=part.text, status="completed", g=part.g),
        )
        if part.is_new:
            news.append(_part_started(message_id, part.index, part.type, part.g, part.base))
        news.append(_part_completed(message_id, part))
    yield from run_text.discard(scope, run.id)
    if ending.usage is not None:
        yield from usage_rows.insert(scope, ending.usage, at_ms)
    yield from messages.finish(
        scope,
        message_id,
        messages.Outcome(
            status=ending.status,
            finish_reason=ending.finish_reason,
            input_tokens=ending.usage.input_tokens if ending.usage else None,
            output_tokens=ending.usage.output_tokens if ending.usage else None,
            error=error,
        ),
        at_ms,
    )
    news.append(("run.finished", run.requested_by, run_finished(run, ending)))
    return (yield from events.append(scope, run.conversation_id or "", news, at_ms))


def claim(
    scope: Scope, run: rows.Run, lease: Lease, news: list[EventDraft], at_ms: int
) -> Work[rows.Run | None]:
    """Take a queued run and note that it has started; `None` when it is queued no more."""
    taken = yield from runs.claim(scope, run.id, lease.owner, lease.until_ms, at_ms)
    if taken is not None:
        yield from messages.set_status(scope, run.message_id or "", "streaming", at_ms)
        news.append(_run_started(run))
    return taken


def _run_started(run: rows.Run) -> EventDraft:
    data = {
        "run_id": run.id,
        "message_id": run.message_id,
        "provider": run.provider,
        "model": run.model,
    }
    return ("run.started", run.requested_by, data)


def _part_started(message_id: str, index: int, kind: str, g: int, offset: int) -> EventDraft:
    data = {"message_id": message_id, "part": index, "type": kind, "g": g, "offset": offset}
    return ("part.started", None, data)


def _part_completed(message_id: str, part: FinishedPart) -> EventDraft:
    data = {
        "message_id": message_id,
        "part": part.index,
        "type": part.type,
        "len": len(part.text),
        "g": part.g,
    }
    return ("part.completed", None, data)


def run_finished(run: rows.Run, ending: Ending) -> Mapping[str, object]:
    """Return what `run.finished` says of an ending."""
    data: dict[str, object] = {
        "run_id": run.id,
        "message_id": run.message_id,
        "status": ending.status,
        "provider": run.provider,
        "model": run.model,
    }
    if ending.finish_reason is not None:
        data["finish_reason"] = ending.finish_reason
    if ending.error is not None:
        data["error"] = ending.error
    if (used := ending.usage) is not None:
        data["usage"] = wire.plain(
            Usage(
                input_tokens=used.input_tokens,
                cached_input_tokens=used.cached_input_tokens,
                output_tokens=used.output_tokens,
                reasoning_tokens=used.reasoning_tokens,
                cost_usd=wire.usd(used.cost_micros),
                estimated=used.estimated,
            )
        )
    return data
