"""Usage, summed. What is missing a price is counted as such, never as free."""

from collections.abc import Iterable

from chatty.protocol import usage as models
from chatty.protocol.errors import ProtocolError
from chatty.protocol.run import Usage
from chatty.server import wire
from chatty.server.clock import milliseconds
from chatty.server.context import RequestContext
from chatty.server.registry import operation
from chatty.store import conversations, rows, usage
from chatty.store.database import Scope, Work


@operation(
    "usage.summary",
    models.UsageSummaryParams,
    models.UsageSummaryResult,
    kind="query",
    permission="usage.read",
)
async def summary(context: RequestContext, params: models.UsageSummaryParams) -> models.UsageSummaryResult:
    """Sum tokens and money: over a period, over a conversation, or over one path of it."""
    if params.leaf is not None and params.conversation_id is None:
        raise ProtocolError("invalid_params", "leaf: name the conversation it belongs to")
    stores = context.services.stores
    database = stores.durable if params.conversation_id is None else stores.of(params.conversation_id)
    sums = await database.read(context.scope, _sums, params)
    groups = [_group(row.key or "", [row]) for row in sums]
    groups.sort(key=lambda group: -(group.usage.cost_usd or 0))
    return models.UsageSummaryResult(items=groups, total=_group("total", sums))


def _sums(scope: Scope, params: models.UsageSummaryParams) -> Work[list[rows.UsageSum]]:
    if params.conversation_id is not None:
        yield from conversations.get(scope, params.conversation_id)
    return (
        yield from usage.summary(
            scope,
            params.by,
            None if params.since is None else milliseconds(params.since),
            None if params.until is None else milliseconds(params.until),
            None,
            params.conversation_id,
            params.leaf,
        )
    )


def _group(key: str, sums: Iterable[rows.UsageSum]) -> models.UsageGroup:
    sums = list(sums)
    priced = any(row.runs > row.unpriced_runs for row in sums)
    return models.UsageGroup(
        key=key,
        runs=sum(row.runs for row in sums),
        unpriced_runs=sum(row.unpriced_runs for row in sums),
        usage=Usage(
            input_tokens=sum(row.input_tokens for row in sums),
            cached_input_tokens=sum(row.cached_input_tokens for row in sums),
            output_tokens=sum(row.output_tokens for row in sums),
            reasoning_tokens=sum(row.reasoning_tokens for row in sums),
            cost_usd=wire.usd(sum(row.cost_micros for row in sums)) if priced else None,
            estimated=any(row.estimated_runs for row in sums),
        ),
    )
