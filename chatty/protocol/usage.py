"""Usage: tokens and money, summed."""

from typing import Literal

from chatty.protocol.base import Id, Params, Result, Timestamp, WireModel
from chatty.protocol.run import Usage


class UsageSummaryParams(Params):
    """Sums over a period, over a conversation, or over one path of it."""

    by: Literal["model", "project", "day"] = "model"
    since: Timestamp | None = None
    until: Timestamp | None = None
    conversation_id: Id | None = None
    """Only its runs."""
    leaf: Id | None = None
    """Of its runs only those whose replies are on the path to this message."""


class UsageGroup(WireModel):
    """One line of the summary."""

    key: str
    """The model, the project's id, or the day (UTC)."""
    runs: int
    usage: Usage
    unpriced_runs: int
    """Runs whose price is unknown: their cost is missing from the sum."""


class UsageSummaryResult(Result):
    """The groups, dearest first, and their sum."""

    items: list[UsageGroup]
    total: UsageGroup
