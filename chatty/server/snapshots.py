"""What a subscriber is told first: the events it missed, or the state to start from.

Reading is one unit of work, so that the state and its `head` belong together.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from chatty.protocol.conversation import ConversationSubscribeParams, ConversationSubscribeResult, OpenPart
from chatty.server import reading, wire
from chatty.server.access.principals import Principal
from chatty.server.live.buffer import PartBuffer
from chatty.server.reading import PathPage
from chatty.store import conversations, events, rows, runs
from chatty.store.database import Scope, Work

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from chatty.server.services import Services


@dataclass(frozen=True, slots=True)
class State:
    """What was read: a tail of events, or a snapshot."""

    head: int
    tail: Sequence[dict[str, Any]] | None = None
    """Events as they go on the wire."""
    conversation: rows.Conversation | None = None
    path: PathPage = field(default_factory=lambda: PathPage([], [], has_older=False))
    leaf: str | None = None
    active: Sequence[rows.Run] = ()


def read(
    scope: Scope, params: ConversationSubscribeParams, history_id: str, principal: Principal
) -> Work[State]:
    """Read what a subscriber needs. Raises NotFound.

    A client of another history, below the floor, ahead of the head or too far behind gets a snapshot.
    """
    conversation = yield from conversations.get(scope, params.conversation_id)
    if params.since is not None and params.since.history_id == history_id:
        missed = yield from events.tail(scope, params.conversation_id, params.since.seq)
        if missed is not None and (tail := _decoded(missed)) is not None:
            return State(conversation.head_seq, tail=tail)
    leaf = params.window.leaf or (yield from conversations.leaf(scope, params.conversation_id))
    page = yield from reading.path(
        scope,
        params.conversation_id,
        leaf,
        None,
        params.window.limit,
        {principal.user_id: principal.user_name},
    )
    active = yield from runs.list_active(scope, params.conversation_id)
    return State(conversation.head_seq, conversation=conversation, path=page, leaf=leaf, active=active)


def _decoded(missed: Sequence[rows.StoredEvent]) -> list[dict[str, Any]] | None:
    """Return the events as they go on the wire; None when one was damaged: then the state is told instead."""
    try:
        tail = [msgspec.json.decode(event.body)["params"] for event in missed]
        is_whole = [event["seq"] for event in tail] == [event.seq for event in missed]
    except (msgspec.DecodeError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        logger.warning("a damaged event is left out: its conversation is told as a whole")
        return None
    return tail


def answer(
    state: State, open_parts: Sequence[PartBuffer], services: "Services"
) -> ConversationSubscribeResult:
    """Return the answer to a subscriber, with the parts in flight as they are at this moment."""
    parts = [
        OpenPart(
            message_id=part.message_id,
            part=part.part,
            type=part.type,
            g=part.g,
            text=part.text(),
            **{"from": 0},
        )
        for part in open_parts
    ]
    if state.tail is not None:
        return ConversationSubscribeResult(
            mode="tail",
            history_id=services.history_id,
            head=state.head,
            open_parts=parts,
            events=list(state.tail),
        )
    assert state.conversation is not None, "a state without a tail is a snapshot"
    shown = services.shown(state.conversation).model_copy(update={"is_answering": bool(state.active)})
    return ConversationSubscribeResult(
        mode="snapshot",
        history_id=services.history_id,
        head=state.head,
        open_parts=parts,
        conversation=shown,
        messages=state.path.messages,
        siblings=state.path.siblings,
        has_older=state.path.has_older,
        leaf=state.leaf,
        runs=[wire.run(run) for run in state.active],
    )
