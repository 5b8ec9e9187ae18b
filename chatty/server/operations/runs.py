"""Runs: how they stand, and how they are stopped."""

from chatty.protocol import run as models
from chatty.server import wire
from chatty.server.clock import now_ms
from chatty.server.context import RequestContext
from chatty.server.registry import operation
from chatty.store import runs
from chatty.store.errors import NotFound


@operation("run.get", models.RunGetParams, models.RunGetResult, kind="query", permission="run.read")
async def get(context: RequestContext, params: models.RunGetParams) -> models.RunGetResult:
    """Fetch one run."""
    services = context.services
    database = services.stores.of(services.engine.conversation_of(params.run_id))
    row = await database.read(context.scope, runs.get, params.run_id)
    return models.RunGetResult(run=wire.run(row))


@operation("run.list", models.RunListParams, models.RunListResult, kind="query", permission="run.read")
async def list_(context: RequestContext, params: models.RunListParams) -> models.RunListResult:
    """List the runs that are not finished."""
    database = context.services.stores.of(params.conversation_id)
    active = await database.read(context.scope, runs.list_active, params.conversation_id)
    return models.RunListResult(items=[wire.run(row) for row in active])


@operation(
    "run.cancel", models.RunCancelParams, models.RunCancelResult, kind="mutation", permission="run.cancel"
)
async def cancel(context: RequestContext, params: models.RunCancelParams) -> models.RunCancelResult:
    """Stop a run, from any client; what it wrote is kept.

    It may overtake the request that makes the run: what stands in line before it is waited for.
    """
    try:
        return await _cancel(context, params)
    except NotFound:
        await context.connection.earlier_changes_end()
        return await _cancel(context, params)


async def _cancel(context: RequestContext, params: models.RunCancelParams) -> models.RunCancelResult:
    services = context.services
    database = services.stores.of(services.engine.conversation_of(params.run_id))
    row = await database.write(context.scope, runs.request_cancel, params.run_id, now_ms())
    if row.status == "cancelling":
        await services.engine.cancel(row)
    return models.RunCancelResult(status=row.status)
