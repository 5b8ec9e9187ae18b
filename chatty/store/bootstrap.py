"""The first rows of a local database: one workspace and the person it belongs to."""

from chatty.protocol.ids import new_id
from chatty.store.database import Scope, Work, require_system
from chatty.store.rows import User, Workspace, columns
from chatty.store.statements import from_row, insert

LOCAL_SLUG = "local"


def ensure_local_owner(scope: Scope, at_ms: int) -> Work[tuple[Workspace, User]]:
    """Return the local workspace and its owner, making both the first time. Needs the system scope."""
    require_system(scope)
    workspace = yield from _local_workspace(at_ms)
    user = yield from _owner(at_ms)
    return workspace, user


def find_local_owner(scope: Scope) -> Work[tuple[Workspace, User] | None]:
    """Return the local workspace and its owner if both exist: for a database that can only be read."""
    require_system(scope)
    workspaces = yield (f"SELECT {columns(Workspace)} FROM workspaces WHERE slug = $1", (LOCAL_SLUG,))
    users = yield (f"SELECT {columns(User)} FROM users ORDER BY created_at, id LIMIT 1", ())
    if not workspaces or not users:
        return None
    return from_row(Workspace, workspaces[0]), from_row(User, users[0])


def _local_workspace(at_ms: int) -> Work[Workspace]:
    yield insert("workspaces", Workspace(new_id(), LOCAL_SLUG, "Local", None, at_ms, at_ms, 1))
    rows = yield (f"SELECT {columns(Workspace)} FROM workspaces WHERE slug = $1", (LOCAL_SLUG,))
    return from_row(Workspace, rows[0])


def _owner(at_ms: int) -> Work[User]:
    rows = yield (f"SELECT {columns(User)} FROM users ORDER BY created_at, id LIMIT 1", ())
    if not rows:
        rows = yield insert("users", User(new_id(), None, "owner", "active", None, at_ms, at_ms, 1))
    return from_row(User, rows[0])
