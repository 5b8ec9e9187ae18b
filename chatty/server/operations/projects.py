"""Projects: folders of prompts and conversations."""

from chatty.protocol import project as models
from chatty.protocol.base import Empty
from chatty.protocol.errors import ProtocolError
from chatty.server import wire
from chatty.server.clock import milliseconds, now_ms
from chatty.server.context import RequestContext
from chatty.server.registry import operation
from chatty.store import projects, rows
from chatty.store.errors import AlreadyExists


@operation(
    "project.list",
    models.ProjectListParams,
    models.ProjectListResult,
    kind="query",
    permission="project.read",
    errors=("cursor_expired",),
)
async def list_(context: RequestContext, params: models.ProjectListParams) -> models.ProjectListResult:
    """List projects by name."""
    since = None if params.updated_since is None else milliseconds(params.updated_since)
    page = await context.services.stores.durable.read(
        context.scope, projects.list_page, params.limit, params.cursor, params.archived, since
    )
    return models.ProjectListResult(items=[wire.project(row) for row in page.items], next=page.next_cursor)


@operation(
    "project.get", models.ProjectRefParams, models.ProjectResult, kind="query", permission="project.read"
)
async def get(context: RequestContext, params: models.ProjectRefParams) -> models.ProjectResult:
    """Fetch one project."""
    row = await context.services.stores.durable.read(context.scope, projects.get, params.project_id)
    return models.ProjectResult(project=wire.project(row))


@operation(
    "project.create",
    models.ProjectCreateParams,
    models.ProjectMadeResult,
    kind="mutation",
    permission="project.write",
    errors=("conflict/idempotency_mismatch", "conflict/name_taken"),
)
async def create(context: RequestContext, params: models.ProjectCreateParams) -> models.ProjectMadeResult:
    """Make a project; its name is unique in the workspace."""
    context.services.refuse_if_read_only()
    new = rows.NewProject(params.id, params.name, params.instructions, params.default_model)
    inserted = await context.services.stores.durable.write(context.scope, projects.insert, new, now_ms())
    return models.ProjectMadeResult(project=wire.project(inserted.row), duplicate=inserted.duplicate)


@operation(
    "project.update",
    models.ProjectUpdateParams,
    models.ProjectResult,
    kind="mutation",
    permission="project.write",
    errors=("conflict/version", "conflict/name_taken"),
)
async def update(context: RequestContext, params: models.ProjectUpdateParams) -> models.ProjectResult:
    """Change a project. Absent = unchanged, `null` = cleared."""
    context.services.refuse_if_read_only()
    named = params.model_fields_set
    patch: projects.ProjectPatch = {}
    if params.name is not None:
        patch["name"] = params.name
    if "instructions" in named:
        patch["instructions"] = params.instructions
    if "default_model" in named:
        patch["default_model"] = params.default_model
    if "params" in named:
        patch["params"] = wire.dump(params.params or {})
    row = await context.services.stores.durable.write(
        context.scope, projects.update, params.project_id, patch, params.if_version, now_ms()
    )
    return models.ProjectResult(project=wire.project(row))


@operation(
    "project.archive",
    models.ProjectRefParams,
    models.ProjectResult,
    kind="mutation",
    permission="project.write",
)
async def archive(context: RequestContext, params: models.ProjectRefParams) -> models.ProjectResult:
    """Put a project out of sight."""
    context.services.refuse_if_read_only()
    row = await context.services.stores.durable.write(
        context.scope, projects.archive, params.project_id, now_ms()
    )
    return models.ProjectResult(project=wire.project(row))


@operation(
    "project.restore",
    models.ProjectRefParams,
    models.ProjectResult,
    kind="mutation",
    permission="project.write",
)
async def restore(context: RequestContext, params: models.ProjectRefParams) -> models.ProjectResult:
    """Undo archiving a project."""
    context.services.refuse_if_read_only()
    row = await context.services.stores.durable.write(
        context.scope, projects.restore, params.project_id, now_ms()
    )
    return models.ProjectResult(project=wire.project(row))


@operation(
    "project.delete",
    models.ProjectRefParams,
    Empty,
    kind="mutation",
    permission="project.write",
    errors=("conflict/not_empty",),
)
async def delete(context: RequestContext, params: models.ProjectRefParams) -> Empty:
    """Delete a project that holds no prompts. Its conversations stay, in no project."""
    context.services.refuse_if_read_only()
    database = context.services.stores.durable
    try:
        await database.write(context.scope, projects.delete, params.project_id, now_ms())
    except AlreadyExists as error:
        raise ProtocolError(
            "conflict/not_empty",
            "the project holds prompts, so nothing was deleted; delete those first: chatty prompts delete",
            details={"kind": error.kind},
        ) from error
    await database.scrub(names_only=True)
    return Empty()
