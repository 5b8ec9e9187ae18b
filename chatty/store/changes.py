"""The rules all repositories share: updating a row under `if_version`, and knowing a repeated request."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar, cast

from chatty.store.database import Scope, Value, Work
from chatty.store.errors import NotFound, VersionConflict
from chatty.store.rows import columns
from chatty.store.statements import Conditions, first, from_row, storable

R = TypeVar("R")


def chosen(patch_type: type, patch: Mapping[str, object]) -> dict[str, Value]:
    """Return the patch's columns in the order of its TypedDict, whose keys are the only ones allowed."""
    names = patch_type.__annotations__
    unknown = patch.keys() - names.keys()
    if unknown:
        raise TypeError(f"not a column of {patch_type.__name__}: {', '.join(sorted(unknown))}")
    return {name: cast(Value, patch[name]) for name in names if name in patch}


def says(row: object, new: Any) -> bool:
    """Tell whether a row holds what a caller says about it to be: every field of `new`, a dataclass."""
    return all(getattr(row, field.name) == storable(getattr(new, field.name)) for field in fields(new))


def update_row(
    scope: Scope,
    kind: type[R],
    table: str,
    id: str,
    changes: Mapping[str, Value],
    if_version: int | None,
    at_ms: int,
) -> Work[R]:
    """Set the columns of a living row, raise its version and return it.

    The names in `changes` must come from the caller's own list of columns, never from outside.

    Raises:
        NotFound: no such living row in this scope.
        VersionConflict: its version is not `if_version`; carries the row as it is.
    """
    noun = kind.__name__.lower()
    where = Conditions(
        "workspace_id = $1", "id = $2", "deleted_at IS NULL", arguments=(scope.workspace_id, id)
    )
    assignments = [f"{column} = {where.bind(storable(value))}" for column, value in changes.items()]
    assignments += [f"updated_at = {where.bind(at_ms)}", "version = version + 1"]
    if if_version is not None:
        where.add("version = {}", if_version)
    rows = yield (
        f"UPDATE {table} SET {', '.join(assignments)} WHERE {where.text} RETURNING {columns(kind)}",
        where.arguments,
    )
    if rows:
        return from_row(kind, rows[0])
    rows = yield (
        f"SELECT {columns(kind)} FROM {table} WHERE workspace_id = $1 AND id = $2 AND deleted_at IS NULL",
        (scope.workspace_id, id),
    )
    current = first(kind, rows)
    if current is None:
        raise NotFound(noun, id)
    raise VersionConflict(noun, current)
