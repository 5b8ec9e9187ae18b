"""Prompts and their immutable, numbered versions."""

from typing import TypedDict

from chatty.store import search
from chatty.store.changes import chosen, says, update_row
from chatty.store.database import Request, Scope, Work
from chatty.store.errors import (
    AlreadyExists,
    ConstraintViolation,
    IdempotencyMismatch,
    NotFound,
    VersionConflict,
)
from chatty.store.pages import Listing
from chatty.store.rows import (
    Inserted,
    NewPrompt,
    NewPromptVersion,
    Page,
    Prompt,
    PromptVersion,
    columns,
)
from chatty.store.statements import Conditions, first, from_row, from_rows
from chatty.store.statements import insert as insert_row

_COLUMNS = columns(Prompt)
_VERSION_COLUMNS = columns(PromptVersion)


class PromptPatch(TypedDict, total=False):
    """The columns a caller may change; the text itself changes by `add_version` only."""

    name: str
    project_id: str | None
    title: str
    tags: str | None


def insert(scope: Scope, prompt: NewPrompt, version: NewPromptVersion, at_ms: int) -> Work[Inserted[Prompt]]:
    """Insert a prompt with its version 1; the same id again with what is stored is a duplicate.

    Raises:
        AlreadyExists: the project has another living prompt of this name.
        IdempotencyMismatch: the id exists with other content, or was deleted.
    """
    row = Prompt(
        workspace_id=scope.workspace_id,
        id=prompt.id,
        project_id=prompt.project_id,
        name=prompt.name,
        title=prompt.title,
        tags=prompt.tags,
        latest_version=1,
        created_at=at_ms,
        updated_at=at_ms,
        version=1,
        deleted_at=None,
    )
    stored = first(Prompt, (yield insert_row("prompts", row)))
    if stored is None:
        return Inserted((yield from _duplicate(scope, prompt, version)), duplicate=True)
    yield _insert_version(scope, stored.id, 1, version, at_ms)
    yield from _index(scope, stored, version.body)
    return Inserted(stored, duplicate=False)


def get(scope: Scope, prompt_id: str) -> Work[Prompt]:
    """Return a living prompt.

    Raises:
        NotFound: there is none with this id in the scope.
    """
    prompt = first(Prompt, (yield _by_id(scope, prompt_id)))
    if prompt is None or prompt.deleted_at is not None:
        raise NotFound("prompt", prompt_id)
    return prompt


def get_by_name(scope: Scope, project_id: str | None, name: str) -> Work[Prompt]:
    """Return the living prompt of this name in the project, or of those in no project (None).

    Raises:
        NotFound: there is none in the scope.
    """
    rows = yield (
        f"SELECT {_COLUMNS} FROM prompts WHERE workspace_id = $1 AND COALESCE(project_id, '') = $2"
        " AND name = $3 AND deleted_at IS NULL",
        (scope.workspace_id, project_id or "", name),
    )
    prompt = first(Prompt, rows)
    if prompt is None:
        raise NotFound("prompt", name)
    return prompt


def list_page(
    scope: Scope,
    limit: int = 50,
    cursor: str | None = None,
    project_id: str | None = None,
    updated_since: int | None = None,
) -> Work[Page[Prompt]]:
    """Return a page of living prompts by name: of one project, of those in none (`""`), or all (None).

    With `updated_since` (ms, inclusive) the page is the changes since, oldest first, tombstones included.

    Raises:
        InvalidCursor: the cursor is from elsewhere.
    """
    listing = Listing("prompts", project_id, updated_since)
    where = Conditions("workspace_id = $1", arguments=(scope.workspace_id,))
    if project_id is not None:
        where.add("COALESCE(project_id, '') = {}", project_id)
    if updated_since is not None:
        return (yield from _changed_page(where, listing, limit, cursor, updated_since))
    where.add("deleted_at IS NULL")
    if cursor is not None:
        where.add("(name, id) > ({}, {})", *listing.decode(cursor, str, str))
    limit_mark = where.bind(limit + 1)
    rows = yield (
        f"SELECT {_COLUMNS} FROM prompts WHERE {where.text} ORDER BY name, id LIMIT {limit_mark}",
        where.arguments,
    )
    return listing.page(from_rows(Prompt, rows), limit, lambda row: (row.name, row.id))


def update_meta(
    scope: Scope, prompt_id: str, patch: PromptPatch, if_version: int | None, at_ms: int
) -> Work[Prompt]:
    """Change name, project, title or tags and return the prompt.

    Raises:
        NotFound, VersionConflict: see `changes.update_row`.
        AlreadyExists: the project has another living prompt of the new name.
    """
    changes = chosen(PromptPatch, patch)
    try:
        prompt = yield from update_row(scope, Prompt, "prompts", prompt_id, changes, if_version, at_ms)
    except ConstraintViolation as error:
        raise AlreadyExists("prompt", patch.get("name", "")) from error
    newest = yield from version(scope, prompt_id, prompt.latest_version)
    yield from _index(scope, prompt, newest.body)
    return prompt


def add_version(
    scope: Scope,
    prompt_id: str,
    new: NewPromptVersion,
    at_ms: int,
    if_latest: int | None = None,
) -> Work[PromptVersion]:
    """Add the next version and return it. Two at once get two numbers; nothing is ever overwritten.

    Raises:
        NotFound: there is no such living prompt in the scope.
        VersionConflict: the newest version is not number `if_latest`; carries the prompt.
    """
    where = Conditions("workspace_id = $1", "id = $2", arguments=(scope.workspace_id, prompt_id, at_ms))
    where.add("deleted_at IS NULL")
    if if_latest is not None:
        where.add("latest_version = {}", if_latest)
    rows = yield (
        "UPDATE prompts SET latest_version = latest_version + 1, updated_at = $3, version = version + 1"
        f" WHERE {where.text} RETURNING {_COLUMNS}",
        where.arguments,
    )
    prompt = first(Prompt, rows)
    if prompt is None:
        raise VersionConflict("prompt", (yield from get(scope, prompt_id)))
    rows = yield _insert_version(scope, prompt_id, prompt.latest_version, new, at_ms)
    yield from _index(scope, prompt, new.body)
    return from_row(PromptVersion, rows[0])


def versions(
    scope: Scope, prompt_id: str, limit: int = 50, cursor: str | None = None
) -> Work[Page[PromptVersion]]:
    """Return a page of a prompt's versions, newest first. Raises InvalidCursor."""
    listing = Listing("prompt_versions", prompt_id)
    where = Conditions("workspace_id = $1", "prompt_id = $2", arguments=(scope.workspace_id, prompt_id))
    if cursor is not None:
        where.add("n < {}", *listing.decode(cursor, int))
    limit_mark = where.bind(limit + 1)
    rows = yield (
        f"SELECT {_VERSION_COLUMNS} FROM prompt_versions"
        f" WHERE {where.text} ORDER BY n DESC LIMIT {limit_mark}",
        where.arguments,
    )
    return listing.page(from_rows(PromptVersion, rows), limit, lambda row: (row.n,))


def version(scope: Scope, prompt_id: str, n: int) -> Work[PromptVersion]:
    """Return the version of this number.

    Raises:
        NotFound: there is none in the scope.
    """
    rows = yield (
        f"SELECT {_VERSION_COLUMNS} FROM prompt_versions"
        " WHERE workspace_id = $1 AND prompt_id = $2 AND n = $3",
        (scope.workspace_id, prompt_id, n),
    )
    found = first(PromptVersion, rows)
    if found is None:
        raise NotFound("prompt_version", f"{prompt_id}/{n}")
    return found


def delete(scope: Scope, prompt_id: str, at_ms: int) -> Work[Prompt]:
    """Delete a prompt and all its versions for good; return the tombstone, which keeps only the id.

    Raises:
        NotFound: there is no such living prompt in the scope.
    """
    tombstone = {"name": "", "title": "", "tags": None, "deleted_at": at_ms}
    prompt = yield from update_row(scope, Prompt, "prompts", prompt_id, tombstone, None, at_ms)
    yield (
        "DELETE FROM prompt_versions WHERE workspace_id = $1 AND prompt_id = $2",
        (scope.workspace_id, prompt_id),
    )
    yield from search.index_name(scope, "prompt", prompt_id, "", at_ms)
    return prompt


def _by_id(scope: Scope, prompt_id: str) -> Request:
    return (
        f"SELECT {_COLUMNS} FROM prompts WHERE workspace_id = $1 AND id = $2",
        (scope.workspace_id, prompt_id),
    )


def _duplicate(scope: Scope, prompt: NewPrompt, first_version: NewPromptVersion) -> Work[Prompt]:
    earlier = first(Prompt, (yield _by_id(scope, prompt.id)))
    if earlier is None:
        raise AlreadyExists("prompt", prompt.name)
    if earlier.deleted_at is None and says(earlier, prompt):
        stored = yield from version(scope, prompt.id, 1)
        if says(stored, first_version):
            return earlier
    raise IdempotencyMismatch("prompt", prompt.id)


def _index(scope: Scope, prompt: Prompt, body: str) -> Work[None]:
    text = "\n".join(piece for piece in (prompt.name, prompt.title, body) if piece)
    yield from search.index_name(scope, "prompt", prompt.id, text, prompt.updated_at)


def _insert_version(scope: Scope, prompt_id: str, n: int, version: NewPromptVersion, at_ms: int) -> Request:
    return insert_row(
        "prompt_versions",
        PromptVersion(
            workspace_id=scope.workspace_id,
            prompt_id=prompt_id,
            n=n,
            body=version.body,
            variables=version.variables,
            author_id=scope.user_id,
            note=version.note,
            created_at=at_ms,
        ),
    )


def _changed_page(
    where: Conditions, listing: Listing, limit: int, cursor: str | None, since: int
) -> Work[Page[Prompt]]:
    where.add("updated_at >= {}", since)
    if cursor is not None:
        where.add("(updated_at, id) > ({}, {})", *listing.decode(cursor, int, str))
    limit_mark = where.bind(limit + 1)
    rows = yield (
        f"SELECT {_COLUMNS} FROM prompts WHERE {where.text} ORDER BY updated_at, id LIMIT {limit_mark}",
        where.arguments,
    )
    return listing.page(from_rows(Prompt, rows), limit, lambda row: (row.updated_at, row.id))
