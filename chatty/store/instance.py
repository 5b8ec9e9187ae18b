"""The one row that tells this database from every other. The migrations write it."""

from chatty.store.database import Scope, Work
from chatty.store.rows import Instance, columns
from chatty.store.statements import from_row


def get(scope: Scope) -> Work[Instance]:
    """Return the instance row; any scope may read it."""
    rows = yield (f"SELECT {columns(Instance)} FROM instance WHERE id = 1", ())
    return from_row(Instance, rows[0])
