"""PostgreSQL's errors in our words, by SQLSTATE. Nothing above `postgres.py` sees the driver's.

Source of the codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from typing import Final

from chatty.store.errors import ConstraintViolation, StorageError, StorageProblem

_HINTS: Final[dict[StorageProblem, str]] = {
    "full": "Free some space on the database server; nothing that was saved is lost",
    "read_only": "Connect to the primary server",
    "corrupt": "Keep the server's data as it is and restore a backup",
    "newer_schema": "Update chatty, or use the version that wrote it",
    "network_filesystem": "Move the server's data to a local disk",
    "unavailable": "Check that the server runs and that address and password are right",
    "busy": "The server is overloaded or another transaction holds the rows: try again",
}

_CONSTRAINTS: Final = "23"
_LOST_A_RACE: Final = frozenset({"40001", "40P01"})
_BY_CODE: Final[dict[str, StorageProblem]] = {
    "53100": "full",
    "25006": "read_only",
    "42501": "read_only",
    "57014": "busy",
    "55P03": "busy",
    "40001": "busy",
    "40P01": "busy",
}
_BY_CLASS: Final[dict[str, StorageProblem]] = {
    "08": "unavailable",
    "28": "unavailable",
    "3D": "unavailable",
    "53": "unavailable",
    "57": "unavailable",
    "58": "unavailable",
    "XX": "corrupt",
}


def storage_error(problem: StorageProblem, server: str) -> StorageError:
    """Make the error with the way out that fits its type."""
    return StorageError(problem, server, f"{_HINTS[problem]}.")


def constraint_violation(error: Exception) -> ConstraintViolation | None:
    """Name the broken rule of the schema, if that is what happened."""
    if not _code(error).startswith(_CONSTRAINTS):
        return None
    return ConstraintViolation(getattr(error, "constraint_name", None) or _code(error))


def may_retry(error: Exception) -> bool:
    """Tell whether the transaction only lost against another one."""
    return _code(error) in _LOST_A_RACE


def translate(error: Exception, server: str) -> StorageError | None:
    """Turn an error of the server or the connection into ours; None for any other."""
    code = _code(error)
    problem = _BY_CODE.get(code) or _BY_CLASS.get(code[:2])
    if problem is None and _is_lost_connection(error):
        problem = "unavailable"
    return storage_error(problem, server) if problem is not None else None


def _code(error: Exception) -> str:
    return getattr(error, "sqlstate", None) or ""


def _is_lost_connection(error: Exception) -> bool:
    import asyncpg

    # asyncpg's client-side DataError is an InterfaceError too, and a mistake of ours.
    is_ours = isinstance(error, ValueError)
    return isinstance(error, (OSError, TimeoutError, asyncpg.InterfaceError)) and not is_ours
