"""Usage records: what each run used, written once and never changed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from chatty.store.database import Row, Scope, Work
from chatty.store.rows import Inserted, NewUsageRecord, UsageRecord, UsageSum, columns
from chatty.store.statements import Conditions, first, from_row, padded, placeholders
from chatty.store.statements import insert as insert_row

_COLUMNS = columns(UsageRecord)
_DAY_MS = 86_400_000

Grouping = Literal["model", "provider", "project", "user", "day", "total"]

_KEYS: dict[Grouping, str] = {
    "model": "model",
    "provider": "provider",
    "project": "project_id",
    "user": "user_id",
    "day": f"at / {_DAY_MS}",
    "total": "CAST(NULL AS TEXT)",
}


def insert(scope: Scope, record: NewUsageRecord, at_ms: int) -> Work[Inserted[UsageRecord]]:
    """Record what a run used; a second record of the same run is a duplicate and changes nothing."""
    row = UsageRecord(
        workspace_id=scope.workspace_id,
        id=record.id,
        run_id=record.run_id,
        user_id=record.user_id,
        project_id=record.project_id,
        provider=record.provider,
        model=record.model,
        input_tokens=record.input_tokens,
        cached_input_tokens=record.cached_input_tokens,
        output_tokens=record.output_tokens,
        reasoning_tokens=record.reasoning_tokens,
        cost_micros=record.cost_micros,
        currency=record.currency,
        estimated=int(record.estimated),
        latency_ms=record.latency_ms,
        ttft_ms=record.ttft_ms,
        at=at_ms,
    )
    stored = first(UsageRecord, (yield insert_row("usage_records", row)))
    if stored is not None:
        return Inserted(stored, duplicate=False)
    rows = yield (
        f"SELECT {_COLUMNS} FROM usage_records WHERE workspace_id = $1 AND (run_id = $2 OR id = $3)",
        (scope.workspace_id, record.run_id, record.id),
    )
    return Inserted(from_row(UsageRecord, rows[0]), duplicate=True)


def of_runs(scope: Scope, run_ids: Sequence[str]) -> Work[dict[str, UsageRecord]]:
    """Return the records of these runs by run; a run that used nothing is not in it."""
    if not run_ids:
        return {}
    ids = padded(run_ids)
    rows = yield (
        f"SELECT {_COLUMNS} FROM usage_records"
        f" WHERE workspace_id = $1 AND run_id IN ({placeholders(2, len(ids))})",
        (scope.workspace_id, *ids),
    )
    return {row["run_id"]: from_row(UsageRecord, row) for row in rows}


def summary(
    scope: Scope,
    by: Grouping = "total",
    since: int | None = None,
    until: int | None = None,
    project_id: str | None = None,
    conversation_id: str | None = None,
    leaf_id: str | None = None,
) -> Work[list[UsageSum]]:
    """Return sums per group and currency, ordered by group; `until` (ms) is exclusive.

    With a conversation only its runs count, with a leaf of it only those that wrote the path to that message.
    """
    where = Conditions("workspace_id = $1", arguments=(scope.workspace_id,))
    if since is not None:
        where.add("at >= {}", since)
    if until is not None:
        where.add("at < {}", until)
    if project_id is not None:
        where.add("project_id = {}", project_id)
    if conversation_id is not None:
        _narrow(where, conversation_id, leaf_id)
    key = _KEYS[by]
    rows = yield (
        f"SELECT {key} AS key, currency, COUNT(*) AS runs,"
        f" {', '.join(f'CAST(SUM({column}) AS BIGINT) AS {column}' for column in _SUMMED)},"
        " CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT) AS cost_micros,"
        " COUNT(*) - COUNT(cost_micros) AS unpriced_runs, CAST(SUM(estimated) AS BIGINT) AS estimated_runs"
        f" FROM usage_records WHERE {where.text} GROUP BY 1, currency ORDER BY 1, currency",
        where.arguments,
    )
    return [_sum(row, by) for row in rows]


def _narrow(where: Conditions, conversation_id: str, leaf_id: str | None) -> None:
    runs = "SELECT id FROM runs WHERE workspace_id = $1 AND conversation_id = {}"
    if leaf_id is None:
        where.add(f"run_id IN ({runs})", conversation_id)
        return
    where.add(
        "run_id IN (WITH RECURSIVE path (id, parent_id) AS ("
        " SELECT id, parent_id FROM messages WHERE workspace_id = $1 AND id = {} AND conversation_id = {}"
        " UNION ALL SELECT m.id, m.parent_id FROM path p"
        " JOIN messages m ON m.workspace_id = $1 AND m.id = p.parent_id)"
        f" {runs} AND message_id IN (SELECT p.id FROM path p))",
        leaf_id,
        conversation_id,
        conversation_id,
    )


_LAST_DAY = 2_932_896
"""The end of 9999, counted from 1970: beyond that there is no date for the time of a damaged row."""

_SUMMED = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens")


def _sum(row: Row, by: Grouping) -> UsageSum:
    if by != "day":
        return from_row(UsageSum, row)
    number, *sums = row
    day = min(max(int(number or 0), 0), _LAST_DAY)
    date = datetime.fromtimestamp(day * _DAY_MS / 1000, UTC).date().isoformat()
    return from_row(UsageSum, (date, *sums))
