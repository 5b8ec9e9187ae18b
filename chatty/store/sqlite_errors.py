"""SQLite's errors in our words. Nothing above `sqlite.py` sees the driver's."""

import sqlite3
from typing import Final, TypeAlias

from chatty.store.errors import ConstraintViolation, StorageError, StorageProblem

HINTS: Final[dict[StorageProblem, str]] = {
    "full": "Free some space; nothing that was saved is lost, and chatty goes on by itself",
    "read_only": "Make the file and its folder writable for this user, or mount the disk for writing",
    "corrupt": "Keep the file as it is, run `chatty doctor`, and restore a backup",
    "newer_schema": "Update chatty, or open it with the version that wrote it",
    "network_filesystem": "Move the data folder to a local disk",
    "unavailable": "Check the disk; the system's log says more",
    "busy": "Stop the other program that has the file open",
}

_PROBLEMS: Final[dict[int, StorageProblem]] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
}


_NO_ROOM_FOR_SHARED_MEMORY: Final = sqlite3.SQLITE_IOERR_SHMSIZE
"""How SQLite says that the disk is full when the file beside the log cannot grow."""


def storage_error(problem: StorageProblem, path: str, hint: str | None = None) -> StorageError:
    """Make the error with the way out that fits its type."""
    return StorageError(problem, path, (hint or HINTS[problem]) + ".")


DRIVER_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises; the second when a damaged name or text is no UTF-8 any more."""

DAMAGED_VALUES: Final = (ValueError, TypeError)
"""What comes of reading our own bookkeeping when its page was exchanged: text where a number should be."""

DriverError: TypeAlias = sqlite3.Error | UnicodeDecodeError


def is_constraint(error: DriverError) -> bool:
    """Tell whether a rule of the schema was broken, as opposed to the storage."""
    return isinstance(error, sqlite3.IntegrityError)


def constraint_violation(error: DriverError) -> ConstraintViolation:
    """Name the broken rule: SQLite's message holds tables and columns, never values."""
    return ConstraintViolation(str(error))


def translate(error: DriverError, path: str) -> StorageError:
    """Turn an error of the storage into ours; programming errors are not for here."""
    if _is_undecodable(error):
        return storage_error("corrupt", path)
    if getattr(error, "sqlite_errorcode", None) == _NO_ROOM_FOR_SHARED_MEMORY:
        return storage_error("full", path)
    return storage_error(_PROBLEMS.get(_code(error), "unavailable"), path)


def translate_opening(error: DriverError, path: str) -> StorageError:
    """Turn an error met while opening into ours: there, a statement that fails meets a damaged schema."""
    if _code(error) == sqlite3.SQLITE_ERROR:
        return storage_error("corrupt", path)
    return translate(error, path)


def is_storage(error: DriverError) -> bool:
    """Tell a failing disk from a wrong statement."""
    code = _code(error)
    return (
        _is_undecodable(error)
        or code in _PROBLEMS
        or code
        in (
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_NOMEM,
            sqlite3.SQLITE_PROTOCOL,
        )
    )


def _code(error: DriverError) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


def _is_undecodable(error: DriverError) -> bool:
    """Tell damaged text; the driver has no code for it."""
    return isinstance(error, UnicodeDecodeError) or "Could not decode to UTF-8" in str(error)
