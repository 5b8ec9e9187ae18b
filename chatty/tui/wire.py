"""From the protocol's plain dictionaries to `state.py` values: the edge where foreign data is checked.

Unknown members are ignored, missing ones get their fallback, and all text passes the sanitiser here, so that
nothing behind this module has to. Nothing here keeps state.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from chatty.rendering.sanitizer import sanitize
from chatty.tui.editing.chips import size_words
from chatty.tui.state import Approval, ConversationRow, Message, ModelRow, Node, Part, Run, SearchHit

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
Frame: TypeAlias = Mapping[str, Json]


def text(frame: Frame, name: str, fallback: str = "") -> str:
    """A one-line text of the frame, sanitised."""
    value = frame.get(name)
    return sanitize(value, multiline=False) if isinstance(value, str) else fallback


def identifier(frame: Frame, name: str) -> str | None:
    """An id of the frame, or None when it is absent. Ids are opaque and never drawn."""
    value = frame.get(name)
    return value if isinstance(value, str) else None


def number(frame: Frame, name: str) -> float | None:
    """A number of the frame, or None. A truth value is no number."""
    value = frame.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(frame: Frame, name: str, fallback: int = 0) -> int:
    """A whole number of the frame."""
    value = number(frame, name)
    return fallback if value is None else int(value)


def inner(frame: Frame, name: str) -> Frame:
    """An object inside the frame, empty when absent."""
    value = frame.get(name)
    return value if isinstance(value, Mapping) else {}


def items(frame: Frame, name: str) -> list[Frame]:
    """A list of objects inside the frame."""
    value = frame.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [item for item in value if isinstance(item, Mapping)]


def moment_ms(frame: Frame, name: str) -> int:
    """A time as milliseconds since 1970: the wire writes milliseconds or RFC 3339; 0 when absent."""
    value = frame.get(name)
    if isinstance(value, str):
        try:
            return int(datetime.fromisoformat(value).timestamp() * 1000)
        except ValueError:
            return 0
    return whole(frame, name)


def part(frame: Frame) -> Part:
    """A part of any type; an unknown type keeps its name and text."""
    kind = text(frame, "type", "text")
    raw = frame.get("text")
    raw_text = raw if isinstance(raw, str) else ""
    clean = sanitize(raw_text)
    return Part(
        type=kind,
        pieces=[clean] if clean else [],
        received=len(raw_text),
        generation=whole(frame, "g"),
        status=text(frame, "status", "completed"),
        name=_part_name(frame),
        detail=_part_detail(frame),
        seconds=number(frame, "seconds"),
    )


def message(frame: Frame) -> Message:
    """A message with its parts."""
    usage = inner(frame, "usage") or frame
    return Message(
        id=identifier(frame, "id") or "",
        parent_id=identifier(frame, "parent_id"),
        role=text(frame, "role", "user"),
        author_id=identifier(frame, "author_id"),
        author_name=text(frame, "author_name") or text(inner(frame, "author"), "name"),
        status=text(frame, "status", "completed"),
        model=text(frame, "model"),
        provider=text(frame, "provider"),
        created_at_ms=moment_ms(frame, "created_at"),
        created_seq=whole(frame, "created_seq"),
        run_id=identifier(frame, "run_id"),
        parts=[part(item) for item in items(frame, "parts")],
        error=error_sentence(frame),
        finish_reason=text(frame, "finish_reason"),
        input_tokens=_maybe_whole(usage, "input_tokens"),
        output_tokens=_maybe_whole(usage, "output_tokens"),
        cost_usd=number(usage, "cost_usd"),
        first_word_seconds=number(inner(frame, "timing"), "first_token_seconds"),
        total_seconds=number(inner(frame, "timing"), "total_seconds"),
    )


def error_sentence(frame: Frame) -> str:
    """The `error` member as one sentence: a text, or an object with `message`; empty when there is none."""
    return text(frame, "error") or text(inner(frame, "error"), "message")


def node(frame: Frame) -> Node:
    """A message's place in the tree."""
    return Node(identifier(frame, "parent_id"), whole(frame, "created_seq"))


def run(frame: Frame) -> Run:
    """A run; its id stands under `id` or `run_id`, its reply under `reply_id` or `message_id`."""
    return Run(
        id=identifier(frame, "id") or identifier(frame, "run_id") or "",
        reply_id=identifier(frame, "reply_id") or identifier(frame, "message_id") or "",
        status=text(frame, "status", "running"),
        started_at_ms=moment_ms(frame, "started_at") or moment_ms(frame, "created_at"),
        output_tokens=whole(frame, "output_tokens"),
    )


def approval(frame: Frame) -> Approval:
    """A tool that asks."""
    return Approval(
        id=identifier(frame, "id") or identifier(frame, "approval_id") or "",
        message_id=identifier(frame, "message_id") or "",
        action=text(frame, "action", "run"),
        subject=text(frame, "subject"),
        place=text(frame, "place"),
        asked_at_ms=moment_ms(frame, "created_at"),
    )


def conversation_row(frame: Frame) -> ConversationRow:
    """A line of the side bar."""
    return ConversationRow(
        id=identifier(frame, "id") or "",
        title=text(frame, "title") or "New conversation",
        project=text(frame, "project_name") or text(inner(frame, "project"), "name"),
        touched_at_ms=moment_ms(frame, "last_message_at") or moment_ms(frame, "updated_at"),
        is_answering=bool(frame.get("is_answering")),
        is_waiting=bool(frame.get("is_waiting")),
        is_unread=bool(frame.get("is_unread")),
    )


def model_row(frame: Frame) -> ModelRow:
    """A line of the model picker."""
    abilities = frame.get("capabilities")
    words = abilities if isinstance(abilities, Sequence) and not isinstance(abilities, str) else ()
    return ModelRow(
        provider=text(frame, "provider"),
        name=text(frame, "name") or text(frame, "model"),
        provider_title=text(frame, "provider_title") or text(frame, "provider"),
        context_tokens=_maybe_whole(frame, "context_window"),
        input_usd=number(frame, "input_usd_per_million"),
        output_usd=number(frame, "output_usd_per_million"),
        abilities=tuple(sanitize(word, multiline=False) for word in words if isinstance(word, str)),
        has_key=frame.get("has_key") is not False,
        is_recent=bool(frame.get("is_recent")),
    )


def search_hit(frame: Frame) -> SearchHit:
    """A line of the search."""
    return SearchHit(
        conversation_id=identifier(frame, "conversation_id") or "",
        message_id=identifier(frame, "message_id") or "",
        title=text(frame, "title"),
        snippet=text(frame, "snippet"),
    )


def _maybe_whole(frame: Frame, name: str) -> int | None:
    value = number(frame, name)
    return None if value is None else int(value)


def _part_name(frame: Frame) -> str:
    source = inner(frame, "source")
    return text(frame, "name") or text(source, "title") or text(source, "url")


def _part_detail(frame: Frame) -> str:
    size = number(frame, "size")
    if size is not None:
        return size_words(int(size))
    return text(frame, "args_line") or text(frame, "args") or text(inner(frame, "source"), "locator")
