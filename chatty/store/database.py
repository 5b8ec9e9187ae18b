"""The port between repositories and a database engine.

A unit of work is a synchronous generator: it yields `(sql, args)` and receives the rows. The SQLite engine
runs it whole inside its writer thread, the PostgreSQL engine awaits each yield; neither lets it wait for
anything else, so no transaction can be held open across a network call.

This module opens nothing and knows no engine: see `sqlite.open_database` and `postgres.open_postgres`.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeAlias, TypeVar

from chatty.store.errors import ScopeRefused, StorageError

P = ParamSpec("P")
T = TypeVar("T")

Value: TypeAlias = str | int | float | bytes | None
Arguments: TypeAlias = tuple[Value, ...]
Statement: TypeAlias = tuple[str, Arguments]
"""One SQL text for both engines, with `$1` … `$n`, and its arguments in that order."""


class Row(Protocol):
    """One result row; `sqlite3.Row` and `asyncpg.Record` both fit. Iterating gives the values in order."""

    def __getitem__(self, column: str, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class PerEngine:
    """A statement that cannot be one text for both engines; None where an engine has nothing to do.

    Only `search_statements` makes these.
    """

    sqlite: Statement | None
    postgres: Statement | None


Request: TypeAlias = Statement | PerEngine
Work: TypeAlias = Generator[Request, Sequence[Row], T]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a unit of work sees: the first argument of every repository function."""

    workspace_id: str
    user_id: str | None = None
    kind: Literal["principal", "system"] = "principal"


SYSTEM = Scope(workspace_id="", kind="system")
"""The reaper, jobs and start-up: what they may do is named in the repositories by `require_system`."""


def require_system(scope: Scope) -> None:
    """Refuse a principal's scope where only the system may act.

    Raises:
        ScopeRefused: the scope is a principal's.
    """
    if scope.kind != "system":
        raise ScopeRefused


class Database(Protocol):
    """An open database. Built by one of the two `open_*` functions, closed by whoever opened it."""

    read_only: bool
    """True when the file can be read but not written; `problem` says why."""
    problem: StorageError | None

    async def read(
        self, scope: Scope, work: Callable[Concatenate[Scope, P], Work[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run the work in one consistent snapshot.

        Raises:
            StorageError: the database cannot answer.
            StoreError: whatever the work itself raises.
        """
        ...

    async def write(
        self, scope: Scope, work: Callable[Concatenate[Scope, P], Work[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run the work in one transaction and return once it is on the disk.

        The work may run more than once (PostgreSQL retries after a deadlock), so it has no effects but its
        statements. When it raises, nothing of it is kept. Cancelling the caller does not stop the work.

        Raises:
            StorageError: the database cannot write; nothing was changed.
            StoreError: whatever the work itself raises.
        """
        ...

    def only_read(self, problem: StorageError) -> None:
        """Refuse every further write: one that had to come before all others was refused, with this."""
        ...

    async def scrub(self, *, names_only: bool = False) -> None:
        """Drive deleted text out of pages that are no longer used, merged index segments and the log.

        Args:
            names_only: no message was deleted, so the index of messages need not be gone through.
        """
        ...

    async def close(self) -> None:
        """Finish what was begun and release the files or connections."""
        ...
