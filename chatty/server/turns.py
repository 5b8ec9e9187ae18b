"""What a turn writes: the units of work that take a person's message in and bring a run about.

Each function is one transaction over several repositories: the change and its events together, so
that neither can exist without the other. Nothing here waits, sends or decides who may.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from chatty.protocol.errors import ProtocolError
from chatty.protocol.message import ConversationDraft, Parts, RunDraft
from chatty.protocol.part import TextPart
from chatty.server import records, run_writes, wire
from chatty.server.live import context as model_context
from chatty.server.live.context import ModelContext
from chatty.server.run_writes import EventDraft, Lease
from chatty.store import (
    conversations,
    events,
    messages,
    rows,
    runs,
)
from chatty.store import (
    parts as part_rows,
)
from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound, RunActive

READ_ALONG_MESSAGES: Final = 32
"""Up to this many messages the model's context is read in the transaction that accepts the turn: it saves
the first text a trip through another thread, and keeps the writer for microseconds only."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model a run asks."""

    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class NoModel:
    """No model can answer. It matters to new requests only: one accepted before is answered as it was."""

    reason: ProtocolError | NotFound


Choice = ModelChoice | NoModel


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
    choice: Choice | None = None
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
    waits_for: str | None = None
    """The reply that is still to be written on the way to this one: the run starts when that is done."""
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
        ProtocolError: `conflict/parent_moved`, or why no model can answer.
        NotFound, IdempotencyMismatch, RunActive: of the store.
    """
    news: list[EventDraft] = []
    if turn.create is not None:
        yield from _ensure_conversation(scope, turn, news, at_ms)
    if (earlier := (yield from _find_message(scope, turn.message_id))) is not None:
        return (yield from _repeat(scope, turn, earlier, digest, at_ms))
    choice = None if turn.choice is None else _model(turn.choice)
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
    if turn.run is not None and choice is not None:
        run = yield from _insert_reply(
            scope, turn.conversation_id, turn.message_id, turn.run, choice, news, at_ms
        )
        if place.waits_for is None:
            run = (yield from run_writes.claim(scope, run, lease, news, at_ms)) or run
    yield from conversations.set_leaf(
        scope, turn.conversation_id, turn.run.reply_id if turn.run else turn.message_id
    )
    stored = yield from events.append(scope, turn.conversation_id, news, at_ms)
    conversation = yield from conversations.get(scope, turn.conversation_id)
    context = None
    if run is not None and place.waits_for is None and conversation.message_count <= READ_ALONG_MESSAGES:
        context = yield from model_context.read(scope, run, model_context.UNKNOWN_WINDOW_TOKENS)
    return Accepted(
        message=inserted.row,
        message_parts=message_parts,
        conversation=conversation,
        run=run,
        events=stored,
        branched=place.branched,
        waits_for=place.waits_for,
        context=context,
    )


def add_reply(
    scope: Scope,
    conversation_id: str,
    parent_id: str,
    draft: RunDraft,
    choice: Choice,
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
    model = _model(choice)
    waits_for = yield from _unfinished_above(scope, conversation_id, parent_id)
    run = yield from _insert_reply(scope, conversation_id, parent_id, draft, model, news, at_ms)
    if waits_for is None:
        run = (yield from run_writes.claim(scope, run, lease, news, at_ms)) or run
    yield from conversations.set_leaf(scope, conversation_id, draft.reply_id)
    stored = yield from events.append(scope, conversation_id, news, at_ms)
    conversation = yield from conversations.get(scope, conversation_id)
    return Accepted(parent, (), conversation, run, stored, waits_for=waits_for)


def resume_reply(
    scope: Scope,
    conversation_id: str,
    message_id: str,
    draft: RunDraft,
    choice: Choice,
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
    model = _model(choice)
    waits_for = yield from _unfinished_above(scope, conversation_id, message_id)
    run = yield from _insert_run(scope, conversation_id, message.parent_id, message_id, draft, model, at_ms)
    yield from messages.begin_again(scope, message_id, run.id, at_ms)
    yield from conversations.set_leaf(scope, conversation_id, message_id)
    news: list[EventDraft] = [("run.queued", scope.user_id, {"run": wire.plain(wire.run(run))})]
    if waits_for is None:
        run = (yield from run_writes.claim(scope, run, lease, news, at_ms)) or run
    stored = yield from events.append(scope, conversation_id, news, at_ms)
    conversation = yield from conversations.get(scope, conversation_id)
    return Accepted(message, (), conversation, run, stored, waits_for=waits_for)


def _model(choice: Choice) -> ModelChoice:
    """Return which model is asked. Raises why none can be."""
    if isinstance(choice, NoModel):
        raise choice.reason
    return choice


@dataclass(frozen=True, slots=True)
class _Place:
    parent_id: str | None
    branched: bool = False
    waits_for: str | None = None


def _place(scope: Scope, turn: Turn) -> Work[_Place]:
    """Find where in the tree a message goes, by the turn's mode."""
    if turn.mode == "branch":
        unfinished = yield from _unfinished_above(scope, turn.conversation_id, turn.parent_id)
        return _Place(turn.parent_id, waits_for=unfinished)
    leaf = yield from conversations.leaf(scope, turn.conversation_id)
    parent_id = turn.parent_id if turn.parent_id is not None else leaf
    if parent_id is None:
        return _Place(None)
    unfinished = yield from _unfinished_above(scope, turn.conversation_id, parent_id)
    has_moved = bool((yield from messages.children(scope, turn.conversation_id, parent_id)))
    if turn.mode == "append" and (unfinished is not None or has_moved):
        raise ProtocolError(
            "conflict/parent_moved",
            "the conversation has gone on meanwhile; your text was not sent. "
            "Look at what is new, then send it again, queued or as a branch",
            details={"parent_id": parent_id, "leaf": leaf, "is_being_written": unfinished is not None},
        )
    if has_moved:
        active = yield from runs.list_active(scope, turn.conversation_id)
        if (last := (yield from _last_reply_below(scope, parent_id, active))) is not None:
            is_followed = bool((yield from messages.children(scope, turn.conversation_id, last)))
            return _Place(last, branched=is_followed, waits_for=last)
    return _Place(parent_id, branched=has_moved, waits_for=unfinished)


def _unfinished_above(scope: Scope, conversation_id: str, message_id: str | None) -> Work[str | None]:
    """Find the nearest reply on the way to a message, itself included, that is yet to be written.

    What comes after it would be asked without its text, or with a part of it.
    """
    if message_id is None:
        return None
    active = yield from runs.list_active(scope, conversation_id)
    unfinished = [run.message_id for run in active if run.message_id is not None]
    return (yield from messages.nearest_above(scope, message_id, unfinished)) if unfinished else None


def _last_reply_below(scope: Scope, parent_id: str, active: Sequence[rows.Run]) -> Work[str | None]:
    """Find the last reply on the way from a message that is being written or stands in line.

    Whoever asked at the same moment from another terminal was first: both questions stand in a row then.
    """
    last = None
    for run in active:
        if run.message_id is not None:
            above = yield from messages.path(scope, run.message_id, 2 * len(active) + 1)
            if any(message.id == parent_id for message in above):
                last = run.message_id
    return last


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


def _new_part(part: TextPart) -> rows.NewPart:
    return rows.NewPart(
        type="text", text=part.text, data=wire.dump({"name": part.name}) if part.name else None
    )


Begin = Callable[[Scope, str, str, RunDraft, Choice, Lease, int], Work[Accepted]]
"""`add_reply` or `resume_reply`: a run without a new message."""
