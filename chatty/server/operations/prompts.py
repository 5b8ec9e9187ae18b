"""Prompts and their immutable versions."""

import logging
import re
from typing import Final

from chatty.protocol import prompt as models
from chatty.protocol.base import Empty
from chatty.server import wire
from chatty.server.clock import now_ms
from chatty.server.context import RequestContext
from chatty.server.errors import changed_meanwhile
from chatty.server.registry import operation
from chatty.store import projects, prompts, rows
from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound, VersionConflict

logger = logging.getLogger(__name__)

VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}")
"""How a prompt names what is filled in: `{{name}}`, names only, no expressions."""


def variables(body: str) -> list[str]:
    """Return the names a prompt asks for, in order of first use."""
    return list(dict.fromkeys(VARIABLE.findall(body)))


@operation(
    "prompt.list",
    models.PromptListParams,
    models.PromptListResult,
    kind="query",
    permission="prompt.read",
    errors=("cursor_expired",),
)
async def list_(context: RequestContext, params: models.PromptListParams) -> models.PromptListResult:
    """List prompts by name, each with its newest version."""
    items, cursor = await context.services.stores.durable.read(
        context.scope, _page, params.limit, params.cursor, params.project_id
    )
    return models.PromptListResult(items=items, next=cursor)


@operation("prompt.get", models.PromptRefParams, models.PromptResult, kind="query", permission="prompt.read")
async def get(context: RequestContext, params: models.PromptRefParams) -> models.PromptResult:
    """Fetch one prompt with its newest version."""
    prompt = await context.services.stores.durable.read(context.scope, _shown, params.prompt_id)
    return models.PromptResult(prompt=prompt)


@operation(
    "prompt.create",
    models.PromptCreateParams,
    models.PromptMadeResult,
    kind="mutation",
    permission="prompt.write",
    errors=("conflict/idempotency_mismatch", "conflict/name_taken"),
)
async def create(context: RequestContext, params: models.PromptCreateParams) -> models.PromptMadeResult:
    """Make a prompt with its first version; the name is unique in its project."""
    context.services.refuse_if_read_only()
    return await context.services.stores.durable.write(context.scope, _create, params, now_ms())


@operation(
    "prompt.update",
    models.PromptUpdateParams,
    models.PromptResult,
    kind="mutation",
    permission="prompt.write",
    errors=("conflict/version", "conflict/name_taken"),
)
async def update(context: RequestContext, params: models.PromptUpdateParams) -> models.PromptResult:
    """Change a prompt; another text becomes a new version."""
    context.services.refuse_if_read_only()
    prompt = await context.services.stores.durable.write(context.scope, _update, params, now_ms())
    return models.PromptResult(prompt=prompt)


@operation(
    "prompt.versions",
    models.PromptRefParams,
    models.PromptVersionsResult,
    kind="query",
    permission="prompt.read",
)
async def versions(context: RequestContext, params: models.PromptRefParams) -> models.PromptVersionsResult:
    """List every version of a prompt, newest first."""
    found = await context.services.stores.durable.read(context.scope, _versions, params.prompt_id)
    return models.PromptVersionsResult(items=[wire.prompt_version(row) for row in found])


@operation("prompt.delete", models.PromptRefParams, Empty, kind="mutation", permission="prompt.write")
async def delete(context: RequestContext, params: models.PromptRefParams) -> Empty:
    """Delete a prompt with all its versions."""
    context.services.refuse_if_read_only()
    database = context.services.stores.durable
    await database.write(context.scope, prompts.delete, params.prompt_id, now_ms())
    await database.scrub(names_only=True)
    return Empty()


def _shown(scope: Scope, prompt_id: str) -> Work[models.Prompt]:
    row = yield from prompts.get(scope, prompt_id)
    latest = yield from prompts.version(scope, prompt_id, row.latest_version)
    return wire.prompt(row, latest)


def _page(
    scope: Scope, limit: int, cursor: str | None, project_id: str | None
) -> Work[tuple[list[models.Prompt], str | None]]:
    page = yield from prompts.list_page(scope, limit, cursor, project_id)
    items = []
    for row in page.items:
        try:
            latest = yield from prompts.version(scope, row.id, row.latest_version)
        except NotFound:  # a damaged row must not keep anybody from the other prompts
            logger.warning("prompt %s has no newest version and is left out", row.id)
            continue
        items.append(wire.prompt(row, latest))
    return items, page.next_cursor


def _create(scope: Scope, params: models.PromptCreateParams, at_ms: int) -> Work[models.PromptMadeResult]:
    if params.project_id is not None:
        yield from projects.get(scope, params.project_id)
    new = rows.NewPrompt(
        params.id, params.name, params.project_id, params.title or "", wire.dump(list(params.tags))
    )
    inserted = yield from prompts.insert(scope, new, _new_version(params.body, params.note), at_ms)
    prompt = yield from _shown(scope, params.id)
    return models.PromptMadeResult(prompt=prompt, duplicate=inserted.duplicate)


def _update(scope: Scope, params: models.PromptUpdateParams, at_ms: int) -> Work[models.Prompt]:
    named = params.model_fields_set
    patch: prompts.PromptPatch = {}
    if params.name is not None:
        patch["name"] = params.name
    if "title" in named:
        patch["title"] = params.title or ""
    if "tags" in named:
        patch["tags"] = wire.dump(list(params.tags or []))
    try:
        row = yield from prompts.update_meta(scope, params.prompt_id, patch, params.if_version, at_ms)
    except VersionConflict as conflict:
        raise changed_meanwhile("prompt", (yield from _shown(scope, params.prompt_id))) from conflict
    if params.body is not None:
        latest = yield from prompts.version(scope, params.prompt_id, row.latest_version)
        if latest.body != params.body:
            new = _new_version(params.body, params.note)
            yield from prompts.add_version(scope, params.prompt_id, new, at_ms)
    return (yield from _shown(scope, params.prompt_id))


def _versions(scope: Scope, prompt_id: str) -> Work[list[rows.PromptVersion]]:
    yield from prompts.get(scope, prompt_id)
    found: list[rows.PromptVersion] = []
    cursor: str | None = None
    while True:
        page = yield from prompts.versions(scope, prompt_id, 200, cursor)
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


def _new_version(body: str, note: str | None) -> rows.NewPromptVersion:
    return rows.NewPromptVersion(body, wire.dump(variables(body)), note)
