"""What can go wrong in the store, named.

    StoreError
    ├── NotFound             no such row in this scope (another tenant's row looks exactly the same)
    ├── VersionConflict      `if_version` did not match; carries the current row
    ├── AlreadyExists        a name or number that must be unique is taken
    ├── IdempotencyMismatch  the id exists with another author or another payload
    ├── RunActive            the parent message already has a run that is not finished
    ├── FenceLost            the run belongs to another owner by now, or is finished
    ├── InvalidCursor        a page cursor that this store did not make
    ├── ScopeRefused         an operation of the system asked for with a principal's scope
    ├── ConstraintViolation  a constraint no repository has given a better name
    └── StorageError         the disk or the database server: `storage/<type>`, with the way out

The drivers' own exceptions stop at `sqlite.py` and `postgres.py`; nobody above them sees one.
"""

from dataclasses import dataclass
from typing import Literal

StorageProblem = Literal[
    "full", "read_only", "corrupt", "newer_schema", "network_filesystem", "unavailable", "busy"
]


class StoreError(Exception):
    """Anything the store refuses or fails to do."""


@dataclass(eq=False)
class NotFound(StoreError):
    """No such row in this scope."""

    kind: str
    """The noun: `conversation`, `message`, `project`, …"""
    id: str

    def __str__(self) -> str:
        return f"{self.kind} not found"


@dataclass(eq=False)
class VersionConflict(StoreError):
    """The row has changed since the caller read it."""

    kind: str
    current: object
    """The row as it is now: one of the dataclasses of `rows`."""

    def __str__(self) -> str:
        return f"{self.kind} was changed by somebody else"


@dataclass(eq=False)
class AlreadyExists(StoreError):
    """A name or number that must be unique is taken."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"a {self.kind} of this name exists"


@dataclass(eq=False)
class IdempotencyMismatch(StoreError):
    """The id was used before by another author or for another payload."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"this {self.kind} id was used for something else"


@dataclass(eq=False)
class RunActive(StoreError):
    """The parent message already has a run that is not finished."""

    parent_id: str
    run_id: str

    def __str__(self) -> str:
        return "a reply to this message is already being written"


@dataclass(eq=False)
class FenceLost(StoreError):
    """The run has another owner by now, or is finished: whatever the caller wanted to write is stale."""

    run_id: str

    def __str__(self) -> str:
        return "the run is no longer ours"


class InvalidCursor(StoreError):
    """The page cursor was not made by this store."""


class ScopeRefused(StoreError):
    """Only the system may do this; the scope was a principal's."""


@dataclass(eq=False)
class ConstraintViolation(StoreError):
    """A uniqueness or reference rule of the schema was broken."""

    detail: str
    """The driver's name of the constraint or columns; never values."""

    def __str__(self) -> str:
        return f"constraint violated: {self.detail}"


@dataclass(eq=False)
class StorageError(StoreError):
    """The disk or the database server cannot do what was asked.

    `str()` says what happened, where, and what helps; nothing that was stored is in it.
    """

    type: StorageProblem
    path: str
    """The database file, or the server without its password."""
    hint: str
    """One sentence: what to do next."""

    @property
    def code(self) -> str:
        """The stable error code: `storage/full`, `storage/read_only`, …"""
        return f"storage/{self.type}"

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later without anybody changing anything else."""
        return self.type in ("full", "unavailable", "busy")

    def __str__(self) -> str:
        return f"{_SENTENCES[self.type]}: {self.path}. {self.hint}"


_SENTENCES: dict[StorageProblem, str] = {
    "full": "the disk is full",
    "read_only": "the database can only be read",
    "corrupt": "the database is damaged",
    "newer_schema": "the database was written by a newer chatty",
    "network_filesystem": "the database lies on a network file system",
    "unavailable": "the database cannot be reached",
    "busy": "the database is locked by another program",
}
