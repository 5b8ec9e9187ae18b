"""Projects: folders of prompts and conversations."""

from typing import TypedDict

from chatty.store.changes import chosen, says, update_row
from chatty.store.database import Scope, Work
from chatty.store.errors import AlreadyExists, ConstraintViolation, IdempotencyMismatch, NotFound
from chatty.store.pages import Listing
from chatty.store.rows import Inserted, NewProject, Page, Project, columns
from chatty.store.statements import Conditions, first, from_rows
from chatty.store.statements import insert as insert_row

_COLUMNS = columns(Project)


class ProjectPatch(TypedDict, total=False):
    """The columns a caller may change; those left out stay as they are."""

    name: str
    instructions: str | None
    default_model: str | None
    params: str | None


def insert(scope: Scope, project: NewProject, at_ms: int) -> Work[Inserted[Project]]:
    """Insert a project; the same id again with what is stored returns that as a duplicate.

    Raises:
        AlreadyExists: another living project has this name.
        IdempotencyMismatch: the id exists with other content, or was deleted.
    """
    row = Project(
        workspace_id=scope.workspace_id,
        id=project.id,
        name=project.name,
        instructions=project.instructions,
        default_model=project.default_model,
        params=project.params,
        archived_at=None,
        created_at=at_ms,
        updated_at=at_ms,
        version=1,
        deleted_at=None,
    )
    stored = first(Project, (yield insert_row("projects", row)))
    if stored is not None:
        return Inserted(stored, duplicate=False)
    earlier = first(Project, (yield _by_id(scope, project.id)))
    if earlier is None:
        raise AlreadyExists("project", project.name)
    if earlier.deleted_at is not None or not says(earlier, project):
        raise IdempotencyMismatch("project", project.id)
    return Inserted(earlier, duplicate=True)


def get(scope: Scope, project_id: str) -> Work[Project]:
    """Return a living project.

    Raises:
        NotFound: there is none with this id in the scope.
    """
    project = first(Project, (yield _by_id(scope, project_id)))
    if project is None or project.deleted_at is not None:
        raise NotFound("project", project_id)
    return project


def get_by_name(scope: Scope, name: str) -> Work[Project]:
    """Return the living project of this name.

    Raises:
        NotFound: there is none in the scope.
    """
    rows = yield (
        f"SELECT {_COLUMNS} FROM projects WHERE workspace_id = $1 AND name = $2 AND deleted_at IS NULL",
        (scope.workspace_id, name),
    )
    project = first(Project, rows)
    if project is None:
        raise NotFound("project", name)
    return project


def list_page(
    scope: Scope,
    limit: int = 50,
    cursor: str | None = None,
    archived: bool = False,
    updated_since: int | None = None,
) -> Work[Page[Project]]:
    """Return a page of projects by name: those in use, or the archived ones instead.

    With `updated_since` (ms, inclusive) the page is the changes since then, in their order, archived ones
    and tombstones (`deleted_at`) included.

    Raises:
        InvalidCursor: the cursor is from elsewhere.
    """
    listing = Listing("projects", archived, updated_since)
    if updated_since is not None:
        return (yield from _changed_page(scope, listing, limit, cursor, updated_since))
    where = Conditions("workspace_id = $1", "deleted_at IS NULL", arguments=(scope.workspace_id,))
    where.add("archived_at IS NOT NULL" if archived else "archived_at IS NULL")
    if cursor is not None:
        where.add("(name, id) > ({}, {})", *listing.decode(cursor, str, str))
    limit_mark = where.bind(limit + 1)
    rows = yield (
        f"SELECT {_COLUMNS} FROM projects WHERE {where.text} ORDER BY name, id LIMIT {limit_mark}",
        where.arguments,
    )
    return listing.page(from_rows(Project, rows), limit, lambda row: (row.name, row.id))


def update(
    scope: Scope, project_id: str, patch: ProjectPatch, if_version: int | None, at_ms: int
) -> Work[Project]:
    """Change a project and return it.

    Raises:
        NotFound, VersionConflict: see `changes.update_row`.
        AlreadyExists: another living project has the new name.
    """
    changes = chosen(ProjectPatch, patch)
    try:
        return (yield from update_row(scope, Project, "projects", project_id, changes, if_version, at_ms))
    except ConstraintViolation as error:
        raise AlreadyExists("project", patch.get("name", "")) from error


def archive(scope: Scope, project_id: str, at_ms: int) -> Work[Project]:
    """Put a project out of sight. Raises NotFound."""
    return (
        yield from update_row(scope, Project, "projects", project_id, {"archived_at": at_ms}, None, at_ms)
    )


def restore(scope: Scope, project_id: str, at_ms: int) -> Work[Project]:
    """Undo `archive`. Raises NotFound."""
    return (yield from update_row(scope, Project, "projects", project_id, {"archived_at": None}, None, at_ms))


def delete(scope: Scope, project_id: str, at_ms: int) -> Work[Project]:
    """Delete a project for good and return its tombstone, which keeps nothing but the id.

    Its conversations stay, without a project; its prompts must be gone before.

    Raises:
        NotFound: there is no such living project.
        AlreadyExists: it still holds a prompt (`kind` is `prompt`).
    """
    prompts = yield (
        "SELECT name FROM prompts WHERE workspace_id = $1 AND project_id = $2 AND deleted_at IS NULL LIMIT 1",
        (scope.workspace_id, project_id),
    )
    if prompts:
        raise AlreadyExists("prompt", prompts[0]["name"])
    tombstone = {"name": "", "instructions": None, "default_model": None, "params": None, "deleted_at": at_ms}
    project = yield from update_row(scope, Project, "projects", project_id, tombstone, None, at_ms)
    yield (
        "UPDATE conversations SET project_id = NULL, updated_at = $3, version = version + 1"
        " WHERE workspace_id = $1 AND project_id = $2",
        (scope.workspace_id, project_id, at_ms),
    )
    return project


def _by_id(scope: Scope, project_id: str) -> tuple[str, tuple[str, str]]:
    return (
        f"SELECT {_COLUMNS} FROM projects WHERE workspace_id = $1 AND id = $2",
        (scope.workspace_id, project_id),
    )


def _changed_page(
    scope: Scope, listing: Listing, limit: int, cursor: str | None, since: int
) -> Work[Page[Project]]:
    where = Conditions("workspace_id = $1", "updated_at >= $2", arguments=(scope.workspace_id, since))
    if cursor is not None:
        where.add("(updated_at, id) > ({}, {})", *listing.decode(cursor, int, str))
    limit_mark = where.bind(limit + 1)
    rows = yield (
        f"SELECT {_COLUMNS} FROM projects WHERE {where.text} ORDER BY updated_at, id LIMIT {limit_mark}",
        where.arguments,
    )
    return listing.page(from_rows(Project, rows), limit, lambda row: (row.updated_at, row.id))
