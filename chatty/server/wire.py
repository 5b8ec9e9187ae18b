"""From rows to wire models. Pure: no database, no clock, no connection."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chatty.protocol import conversation as conversation_models
from chatty.protocol import message as message_models
from chatty.protocol import part as part_models
from chatty.protocol import project as project_models
from chatty.protocol import prompt as prompt_models
from chatty.protocol import run as run_models
from chatty.protocol.errors import ProtocolError
from chatty.server.clock import optional_timestamp, timestamp
from chatty.store import rows

logger = logging.getLogger(__name__)

MICROS_PER_USD = 1_000_000


def load(text: str | None) -> dict[str, Any]:
    """Read a JSON column; an empty one, or one that was damaged, is an empty object."""
    value = _read_json(text)
    return value if isinstance(value, dict) else {}


def load_words(text: str | None) -> list[str]:
    """Read a JSON column that holds words; of a damaged one those that can be read."""
    value = _read_json(text)
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _read_json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        logger.warning("a damaged column was read as empty")
        return None


def dump(value: Mapping[str, Any] | Sequence[Any]) -> str | None:
    """Write a JSON column; an empty value is stored as nothing."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else None


def plain(model: Any) -> dict[str, Any]:
    """Return a wire model as the dictionary that goes into an event."""
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped


def conversation(
    row: rows.Conversation, *, is_answering: bool = False, is_ephemeral: bool = False
) -> conversation_models.Conversation:
    """Return a conversation as clients see it."""
    settings = load(row.params)
    forked = None
    if row.forked_from_conversation_id and row.forked_from_message_id:
        forked = conversation_models.ForkedFrom(
            conversation_id=row.forked_from_conversation_id, message_id=row.forked_from_message_id
        )
    return conversation_models.Conversation(
        id=row.id,
        title=row.title,
        title_source=row.title_source,
        project_id=row.project_id,
        model=row.model,
        system=settings.get("system"),
        params=settings.get("options", {}),
        origin=row.origin,
        ephemeral=is_ephemeral,
        head=row.head_seq,
        message_count=row.message_count,
        version=row.version,
        created_at=timestamp(row.created_at),
        updated_at=timestamp(row.updated_at),
        last_message_at=optional_timestamp(row.last_message_at) if row.message_count else None,
        archived_at=optional_timestamp(row.archived_at),
        deleted_at=optional_timestamp(row.deleted_at),
        forked_from=forked,
        is_answering=is_answering,
    )


def usage(record: rows.UsageRecord) -> run_models.Usage:
    """Return what a run measured."""
    return run_models.Usage(
        input_tokens=record.input_tokens,
        cached_input_tokens=record.cached_input_tokens,
        output_tokens=record.output_tokens,
        reasoning_tokens=record.reasoning_tokens,
        cost_usd=usd(record.cost_micros),
        estimated=bool(record.estimated),
    )


def usd(micros: int | None) -> float | None:
    """Return millionths as dollars; unknown stays unknown."""
    return None if micros is None else micros / MICROS_PER_USD


def part(row: rows.Part) -> part_models.Part:
    """Return a part as clients see it."""
    data = load(row.data)
    return part_models.Part(
        type=row.type,
        text=row.text or "",
        name=data.pop("name", None),
        status="streaming" if row.status == "open" else "completed",
        g=row.g,
        data=data or None,
    )


def message(
    row: rows.Message,
    parts: Iterable[rows.Part],
    *,
    authors: Mapping[str, str],
    used: rows.UsageRecord | None = None,
) -> message_models.Message:
    """Return a message as clients see it.

    Args:
        row: the message.
        parts: its parts in order.
        authors: user id -> name.
        used: what its run measured, when it is finished.
    """
    author = None
    if row.author_id is not None:
        author = message_models.Author(id=row.author_id, name=authors.get(row.author_id, "somebody"))
    return message_models.Message(
        id=row.id,
        conversation_id=row.conversation_id,
        parent_id=row.parent_id,
        created_seq=row.created_seq,
        role=row.role,
        status=row.status,
        parts=[part(piece) for piece in parts],
        created_at=timestamp(row.created_at),
        author=author,
        run_id=row.run_id,
        provider=row.provider,
        model=row.model,
        finish_reason=row.finish_reason,
        usage=usage(used) if used else None,
        error=load(row.error) or None,
        edited_from_id=row.edited_from_id,
    )


def run(row: rows.Run) -> run_models.Run:
    """Return a run as clients see it."""
    return run_models.Run(
        id=row.id,
        conversation_id=row.conversation_id or "",
        message_id=row.message_id or "",
        status=row.status,
        provider=row.provider or "",
        model=row.model or "",
        created_at=timestamp(row.created_at),
        started_at=optional_timestamp(row.started_at),
        finished_at=optional_timestamp(row.finished_at),
        error=load(row.error) or None,
    )


def run_error(error: ProtocolError) -> dict[str, Any]:
    """Return an error as a run and its message keep it: `{type, message, retryable, …}`."""
    return {"message": error.message, **error.to_data()}


def tree_node(row: rows.TreeNode) -> message_models.TreeNode:
    """Return a message without its text."""
    return message_models.TreeNode(
        id=row.id, parent_id=row.parent_id, role=row.role, status=row.status, created_seq=row.created_seq
    )


def project(row: rows.Project) -> project_models.Project:
    """Return a project as clients see it."""
    return project_models.Project(
        id=row.id,
        name=row.name,
        instructions=row.instructions,
        default_model=row.default_model,
        params=load(row.params),
        version=row.version,
        created_at=timestamp(row.created_at),
        updated_at=timestamp(row.updated_at),
        archived_at=optional_timestamp(row.archived_at),
        deleted_at=optional_timestamp(row.deleted_at),
    )


def prompt_version(row: rows.PromptVersion) -> prompt_models.PromptVersion:
    """Return one immutable version."""
    return prompt_models.PromptVersion(
        n=row.n,
        body=row.body,
        variables=load_words(row.variables),
        note=row.note,
        created_at=timestamp(row.created_at),
    )


def prompt(row: rows.Prompt, latest: rows.PromptVersion) -> prompt_models.Prompt:
    """Return a prompt with its newest version."""
    return prompt_models.Prompt(
        id=row.id,
        name=row.name,
        project_id=row.project_id,
        title=row.title or None,
        tags=load_words(row.tags),
        latest=prompt_version(latest),
        version=row.version,
        created_at=timestamp(row.created_at),
        updated_at=timestamp(row.updated_at),
    )
