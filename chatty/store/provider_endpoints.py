"""Where providers are reached: names and addresses. Secrets are never in this table."""

from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound
from chatty.store.rows import ProviderEndpoint, columns
from chatty.store.statements import first, from_row, from_rows

_COLUMNS = columns(ProviderEndpoint)


def list_all(scope: Scope) -> Work[list[ProviderEndpoint]]:
    """Return the workspace's endpoints by name."""
    rows = yield (
        f"SELECT {_COLUMNS} FROM provider_endpoints WHERE workspace_id = $1 ORDER BY name",
        (scope.workspace_id,),
    )
    return from_rows(ProviderEndpoint, rows)


def get(scope: Scope, name: str) -> Work[ProviderEndpoint]:
    """Return the endpoint of this name.

    Raises:
        NotFound: there is none in the scope.
    """
    rows = yield (
        f"SELECT {_COLUMNS} FROM provider_endpoints WHERE workspace_id = $1 AND name = $2",
        (scope.workspace_id, name),
    )
    return _found(name, first(ProviderEndpoint, rows))


def put(
    scope: Scope,
    name: str,
    kind: str,
    base_url: str | None,
    default_model: str | None,
    meta: str | None,
    at_ms: int,
) -> Work[ProviderEndpoint]:
    """Write the endpoint of this name, in place of the one that was there, and return it."""
    rows = yield (
        f"INSERT INTO provider_endpoints ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1)"
        " ON CONFLICT (workspace_id, name) DO UPDATE SET kind = excluded.kind, base_url = excluded.base_url,"
        " default_model = excluded.default_model, meta = excluded.meta, updated_at = excluded.updated_at,"
        f" version = provider_endpoints.version + 1 RETURNING {_COLUMNS}",
        (scope.workspace_id, name, kind, base_url, default_model, meta, at_ms),
    )
    return from_row(ProviderEndpoint, rows[0])


def remove(scope: Scope, name: str) -> Work[ProviderEndpoint]:
    """Delete the endpoint and return what it was. Raises NotFound."""
    rows = yield (
        f"DELETE FROM provider_endpoints WHERE workspace_id = $1 AND name = $2 RETURNING {_COLUMNS}",
        (scope.workspace_id, name),
    )
    return _found(name, first(ProviderEndpoint, rows))


def _found(name: str, endpoint: ProviderEndpoint | None) -> ProviderEndpoint:
    if endpoint is None:
        raise NotFound("provider", name)
    return endpoint
