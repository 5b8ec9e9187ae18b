"""Runs: the server producing one reply. A run belongs to the server; a lost connection ends nothing."""

from typing import Annotated

from pydantic import Field

from chatty.protocol.base import Id, JsonObject, Params, Result, Timestamp, WireModel


class Usage(WireModel):
    """What a run measured. Input includes cached tokens; output includes reasoning tokens."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float | None = None
    """Money at list price; ``None`` when the price is unknown, never zero for that."""
    estimated: bool = False
    """Counted by us because the provider did not report it."""


class Run(WireModel):
    """The server producing one reply."""

    id: str
    conversation_id: str
    message_id: str
    """The reply it fills."""
    status: str
    provider: str
    model: str
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None
    error: JsonObject | None = None


class RunGetParams(Params):
    """Fetch one run."""

    run_id: Id


class RunGetResult(Result):
    """One run."""

    run: Run


class RunListParams(Params):
    """The runs that are not finished."""

    conversation_id: Id | None = None
    """Absent: in every conversation."""


class RunListResult(Result):
    """Runs that are not finished, oldest first."""

    items: list[Run]


class RunCancelParams(Params):
    """Stop a run; what was written is kept. Asking twice is the same as asking once."""

    run_id: Id
    reason: Annotated[str, Field(max_length=200)] | None = None


class RunCancelResult(Result):
    """Where the run stands now: ``cancelling``, or how it had ended already."""

    status: str
