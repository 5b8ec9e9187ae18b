"""What a turn writes: the units of work from a person's message to the end of its reply.

Each function is one transaction over several repositories: the change and its events together, so
that neither can exist without the other. Nothing here waits, sends or decides who may.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel

from chatty.protocol.errors import ProtocolError
from chatty.protocol.message import ConversationDraft, Parts, RunDraft
from chatty.protocol.part import TextPart
from chatty.protocol.run import Usage
from chatty.server import records, wire
from chatty.server.live import context as model_context
from chatty.server.live.context import ModelContext
from chatty.store import (
    conversations,
    events,
    messages,
    rows,
    run_text,
    runs,
)
from chatty.store import (
    parts as part_rows,
)
from chatty.store import (
    usage as usage_rows,
)
from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound, RunActive

EndStatus = Literal["completed", "cancelled", "failed", "interrupted"]
READ_ALONG_MESSAGES: Final = 32
"""Up to this many messages the model's context is read in the transaction that accepts the turn: it saves
the first text a trip through another thread, and keeps the writer for microseconds only."""

EventDraft = tuple[str, str | None, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model a run asks."""

    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Who carries a run out, and until when others leave it alone."""

    owner: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What a request to say something amounts to, whichever method it came by."""

    conversation_id: str
    message_id: str
    parts: Parts
    mode: str
    """`append`, `branch` or `queue`."""
    parent_id: str | None
    create: ConversationDraft | None = None
    run: RunDraft | None = None
    choice: ModelChoice | None = None
    edited_from_id: str | None = None


@dataclass(slots=True)
class Accepted:
    """What a turn wrote."""

    message: rows.Message
    message_parts: Sequence[rows.Part]
    conversation: rows.Conversation
    run: rows.Run | None = None
    events: list[rows.StoredEvent] = field(default_factory=list)
    duplicate: bool = False
    branched: bool = False
    is_behind_another: bool = False
    """The run waits for the run that still writes its context."""
    context: ModelContext | None = None
    """What the model is to be shown, where it was cheap to read along."""

    @property
    def seq(self) -> int:
        """The newest event of the turn, or the conversation's head for a duplicate."""
        return self.events[-1].seq if self.events else self.conversation.head_seq


def payload_hash(params: BaseModel) -> str:
    """Return what tells a repeated request from another one under the same id.

    Watching is the connection's business and no part of what was asked for.
    """
    content = params.model_dump(mode="json", exclude={"subscribe"})
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def accept(
    scope: Scope, turn: Turn, digest: str, author_name: str, lease: Lease, at_ms: int
) -> Work[Accepted]:
    """Take a message in: with its conversation if that is new, and with a reply to be filled.

    A run that waits for no other one is started in the same transaction: the first text then waits
    for one commit and not for two.

    Raises:
        ProtocolError: `conflict/parent_moved`.
        NotFound, IdempotencyMismatch, RunActive: of the store.
    """
    news: list[EventDraft] = []
    if turn.create is not None:
        yield from _ensure_conversation(scope, turn, news, at_ms)
    if (earlier := (yield from _find_message(scope, turn.message_id))) is not None:
        return (yield from _repeat(scope, turn, earlier, digest, at_ms))
    place = yield from _place(scope, turn)
    inserted = yield from messages.insert(
        scope,
        rows.NewMessage(
            id=turn.message_id,
            conversation_id=turn.conversation_id,
            role="user",
            parent_id=place.parent_id,
            author_id=scope.user_id,
            edited_from_id=turn.edited_from_id,
        ),
        [_new_part(part) for part in turn.parts],
        digest,
        at_ms,
    )
    message_parts = (yield from part_rows.of_messages(scope, [turn.message_id]))[turn.message_id]
    authors = {scope.user_id or "": author_name}
    shown = wire.message(inserted.row, message_parts, authors=authors)
    news.append(("message.created", scope.user_id, {"message": wire.plain(shown)}))
    run = None
    if turn.run is not None and turn.choice is not None:
        run = yield from _insert_reply(
            scope, turn.conversation_id, turn.message_id, turn.run, turn.choice, news, at_ms
        )
        if not place.is_behind_another:
            run = (yield from _claim(scope, run, lease, news, at_ms)) or run
    yield from conversations.set_leaf(
        scope, turn.conversation_id, turn.run.reply_id if turn.run else turn.message_id
    )
    stored = yield from events.append(scope, turn.conversation_id, news, at_ms)
    conversation = yield from conversations.get(scope, turn.conversation_id)
    context = None
    if run is not None and not place.is_behind_another and conversation.message_count <= READ_ALONG_MESSAGES:
        context = yield from model_context.read(scope, run, model_context.UNKNOWN_WINDOW_TOKENS)
    return Accepted(
        message=inserted.row,
        message_parts=message_parts,
        conversation=conversation,
        run=run,
        events=stored,
        branched=place.branched,
        is_behind_another=place.is_behind_another,
        context=context,
    )


def add_reply(
    scope: Scope,
    conversation_id: str,
    parent_id: str,
    draft: RunDraft,
    choice: ModelChoice,
    lease: Lease,
    at_ms: int,
) -> Work[Accepted]:
    """Begin another reply to a message that is there.

    Raises:
        NotFound, RunActive, IdempotencyMismatch: of the store.
    """
    parent = yield from _message_of(scope, conversation_id, parent_id)
    with contextlib.suppress(NotFound):
        run = yield from runs.get(scope, draft.id)
        return (yield from _accepted_before(scope, parent, run))
    news: list[EventDraft] = []
    queued = yield from _insert_reply(scope, conversation_id, parent_id, draft, choice, news, at_ms)
    run = (yield from _claim(scope, queued, lease, news, at_ms)) or queued
    yield from conversations.set_leaf(scope, conversation_id, draft.reply_id)
    stored = yield from events.append(scope, conversation_id, news, at_ms)
    conversation = yield from conversations.get(scope, conversation_id)
    return Accepted(parent, (), conversation, run, stored)


def resume_reply(
    scope: Scope,
    conversation_id: str,
    message_id: str,
    draft: RunDraft,
    choice: ModelChoice,
    lease: Lease,
    at_ms: int,
) -> Work[Accepted]:
    """Begin a run that goes on with a reply that ended early.

    Raises:
        ProtocolError: `conflict/not_resumable`: the reply is complete, or being written.
    """
    message = yield from _message_of(scope, conversation_id, message_id)
    with contextlib.suppress(NotFound):
        run = yield from runs.get(scope, draft.id)
        return (yield from _accepted_before(scope, message, run))
    if message.role != "assistant" or message.status not in ("cancelled", "interrupted", "failed"):
        raise ProtocolError(
            "conflict/not_resumable", f"only a reply that ended early can go on; this one is {message.status}"
        )
    queued = yield from _insert_run(
        scope, conversation_id, message.parent_id, message_id, draft, choice, at_ms
    )
    yield from messages.begin_again(scope, message_id, queued.id, at_ms)
    yield from conversations.set_leaf(scope, conversation_id, message_id)
    news: list[EventDraft] = [("run.queued", scope.user_id, {"run": wire.plain(wire.run(queued))})]
    run = (yield from _claim(scope, queued, lease, news, at_ms)) or queued
    stored = yield from events.append(scope, conversation_id, news, at_ms)
    conversation = yield from conversations.get(scope, conversation_id)
    return Accepted(message, (), conversation, run, stored)


# A run's life


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
    taken = yield from _claim(scope, run, lease, news, at_ms)
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
    news.append(("run.finished", run.requested_by, _run_finished(run, ending)))
    return (yield from events.append(scope, run.conversation_id or "", news, at_ms))


def interrupt_all(scope: Scope, at_ms: int) -> Work[int]:
    """After a crash: end every run that nobody writes any more, keeping the text that is on disk.

    Returns:
        How many runs there were.
    """
    unfinished = yield from runs.interrupt_unfinished(scope, at_ms)
    for run in unfinished:
        own = Scope(run.workspace_id, run.requested_by, "system")
        texts = yield from run_text.fold(own, run.id, run.message_id or "")
        yield from messages.finish(own, run.message_id or "", messages.Outcome(status="interrupted"), at_ms)
        news: list[EventDraft] = [
            ("part.completed", None, {"message_id": run.message_id, "part": index, "len": len(text), "g": g})
            for index, (g, text) in texts.items()
        ]
        data = {"run_id": run.id, "message_id": run.message_id, "status": "interrupted"}
        news.append(("run.finished", None, data))
        yield from events.append(own, run.conversation_id or "", news, at_ms)
    return len(unfinished)


# The pieces


@dataclass(frozen=True, slots=True)
class _Place:
    parent_id: str | None
    branched: bool = False
    is_behind_another: bool = False


def _place(scope: Scope, turn: Turn) -> Work[_Place]:
    """Find where in the tree a message goes, by the turn's mode."""
    if turn.mode == "branch":
        return _Place(turn.parent_id)
    leaf = yield from conversations.leaf(scope, turn.conversation_id)
    parent_id = turn.parent_id if turn.parent_id is not None else leaf
    if parent_id is None:
        return _Place(None)
    active = yield from runs.list_active(scope, turn.conversation_id)
    is_being_written = any(run.message_id == parent_id for run in active)
    has_moved = bool((yield from messages.children(scope, turn.conversation_id, parent_id)))
    if turn.mode == "append" and (is_being_written or has_moved):
        raise ProtocolError(
            "conflict/parent_moved",
            "the conversation has gone on meanwhile; your text was not sent. "
            "Look at what is new, then send it again, queued or as a branch",
            details={"parent_id": parent_id, "leaf": leaf, "is_being_written": is_being_written},
        )
    return _Place(parent_id, branched=has_moved, is_behind_another=is_being_written)


def _ensure_conversation(scope: Scope, turn: Turn, news: list[EventDraft], at_ms: int) -> Work[None]:
    draft = turn.create
    assert draft is not None
    if (yield from conversations.find(scope, turn.conversation_id)) is not None:
        return
    settings = {"system": draft.system} if draft.system else {}
    inserted = yield from conversations.insert(
        scope,
        rows.NewConversation(
            id=turn.conversation_id,
            project_id=draft.project_id,
            title=draft.title or first_line(turn.parts),
            title_source="user" if draft.title else "auto",
            origin=draft.origin,
            model=draft.model,
            params=wire.dump(settings),
        ),
        payload_hash(draft),
        at_ms,
    )
    shown = records.after_event(inserted.row, at_ms)
    news.append(("conversation.created", scope.user_id, {"conversation": shown}))


def first_line(parts: Parts) -> str:
    """Return the title a conversation takes from its first message: its first line, at most 80 long."""
    typed = next((part.text for part in parts if part.name is None and part.text.strip()), "")
    text = typed or next((part.name or part.text for part in parts), "")
    line = next((line.strip() for line in text.splitlines() if line.strip()), "New conversation")
    return line if len(line) <= 80 else line[:79].rstrip() + "…"


def _find_message(scope: Scope, message_id: str) -> Work[rows.Message | None]:
    try:
        return (yield from messages.get(scope, message_id))
    except NotFound:
        return None


def _message_of(scope: Scope, conversation_id: str, message_id: str) -> Work[rows.Message]:
    message = yield from messages.get(scope, message_id)
    if message.conversation_id != conversation_id:
        raise NotFound("message", message_id)
    return message


def _repeat(scope: Scope, turn: Turn, earlier: rows.Message, digest: str, at_ms: int) -> Work[Accepted]:
    """Answer a request that was accepted before; a different one under the same id is refused."""
    if (
        earlier.payload_hash != digest
        or earlier.author_id != scope.user_id
        or earlier.conversation_id != turn.conversation_id
    ):
        raise ProtocolError("conflict/idempotency_mismatch", "this message id was used for another message")
    run = (yield from runs.get(scope, turn.run.id)) if turn.run else None
    return (yield from _accepted_before(scope, earlier, run))


def _accepted_before(scope: Scope, message: rows.Message, run: rows.Run | None) -> Work[Accepted]:
    message_parts = (yield from part_rows.of_messages(scope, [message.id]))[message.id]
    conversation = yield from conversations.get(scope, message.conversation_id)
    return Accepted(message, message_parts, conversation, run, duplicate=True)


def _insert_reply(
    scope: Scope,
    conversation_id: str,
    parent_id: str,
    draft: RunDraft,
    choice: ModelChoice,
    news: list[EventDraft],
    at_ms: int,
) -> Work[rows.Run]:
    reply = yield from messages.insert(
        scope,
        rows.NewMessage(
            id=draft.reply_id,
            conversation_id=conversation_id,
            role="assistant",
            parent_id=parent_id,
            run_id=draft.id,
            status="pending",
            model=choice.model,
            provider=choice.provider,
        ),
        [],
        payload_hash(draft),
        at_ms,
    )
    run = yield from _insert_run(scope, conversation_id, parent_id, draft.reply_id, draft, choice, at_ms)
    news.append(("message.created", None, {"message": wire.plain(wire.message(reply.row, (), authors={}))}))
    news.append(("run.queued", scope.user_id, {"run": wire.plain(wire.run(run))}))
    return run


def _insert_run(
    scope: Scope,
    conversation_id: str,
    parent_id: str | None,
    reply_id: str,
    draft: RunDraft,
    choice: ModelChoice,
    at_ms: int,
) -> Work[rows.Run]:
    active = yield from runs.list_active(scope, conversation_id)
    for other in active:
        if other.message_id == reply_id or other.parent_id == parent_id:
            raise RunActive(parent_id or reply_id, other.id)
    settings: dict[str, Any] = {"options": draft.params} if draft.params else {}
    if draft.system is not None:
        settings["system"] = draft.system
    if draft.timeout_seconds is not None:
        settings["timeout_seconds"] = draft.timeout_seconds
    inserted = yield from runs.insert(
        scope,
        rows.NewRun(
            id=draft.id,
            conversation_id=conversation_id,
            message_id=reply_id,
            parent_id=parent_id,
            requested_by=scope.user_id,
            model=choice.model,
            provider=choice.provider,
            params=wire.dump(settings),
        ),
        at_ms,
    )
    return inserted.row


def _claim(
    scope: Scope, run: rows.Run, lease: Lease, news: list[EventDraft], at_ms: int
) -> Work[rows.Run | None]:
    """Take a queued run and note that it has started; `None` when it is queued no more."""
    taken = yield from runs.claim(scope, run.id, lease.owner, lease.until_ms, at_ms)
    if taken is not None:
        yield from messages.set_status(scope, run.message_id or "", "streaming", at_ms)
        news.append(_run_started(run))
    return taken


def _new_part(part: TextPart) -> rows.NewPart:
    return rows.NewPart(
        type="text", text=part.text, data=wire.dump({"name": part.name}) if part.name else None
    )


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


def _run_finished(run: rows.Run, ending: Ending) -> Mapping[str, object]:
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


Begin = Callable[[Scope, str, str, RunDraft, ModelChoice, Lease, int], Work[Accepted]]
"""`add_reply` or `resume_reply`: a run without a new message."""
