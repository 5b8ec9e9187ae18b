"""The database on a PostgreSQL server: the port's methods on an asyncpg pool.

Reads are `REPEATABLE READ READ ONLY`, writes `READ COMMITTED` with the row locks the repositories take.
asyncpg has no types of its own; the protocols below are the part of it that is used.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from chatty.protocol.ids import new_id
from chatty.store import schema
from chatty.store.database import PerEngine, Request, Row, Scope, Value, Work
from chatty.store.errors import StorageError, StorageProblem
from chatty.store.postgres_errors import constraint_violation, may_retry, storage_error, translate

P = ParamSpec("P")
T = TypeVar("T")

LARGEST_POOL: Final = 10
_ATTEMPTS: Final = 6
_FIRST_PAUSE_SECONDS: Final = 0.02
_STATEMENT_SECONDS: Final = 30
_CONNECT_SECONDS: Final = 10
_MIGRATION_LOCK: Final = 0x63686174
"""The key of the advisory lock under which one of several starters migrates: the letters `chat`."""


class _Connection(Protocol):
    async def fetch(self, query: str, *args: Value) -> Sequence[Row]: ...

    async def execute(self, query: str, *args: Value) -> str: ...

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AbstractAsyncContextManager[None]: ...


class _Pool(Protocol):
    def acquire(self) -> AbstractAsyncContextManager[_Connection]: ...

    async def close(self) -> None: ...


class PostgresDatabase:
    """An open pool. Made by `open_postgres`."""

    def __init__(self, pool: _Pool, server: str, problem: StorageError | None) -> None:
        self.problem = problem
        self.read_only = problem is not None
        self._pool = pool
        self._server = server
        self._writes: set[asyncio.Task[Any]] = set()

    async def read(
        self, scope: Scope, work: Callable[Concatenate[Scope, P], Work[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See `database.Database.read`."""

        async def once() -> T:
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await _perform(connection, work(scope, *args, **kwargs))

        result: T = await self._translated(once)
        return result

    async def write(
        self, scope: Scope, work: Callable[Concatenate[Scope, P], Work[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See `database.Database.write`."""
        if self.problem is not None:
            raise StorageError(
                "read_only", self._server, f"{str(self.problem)[0].upper()}{str(self.problem)[1:]}"
            )

        async def once() -> T:
            async with self._pool.acquire() as connection, connection.transaction():
                return await _perform(connection, work(scope, *args, **kwargs))

        task = asyncio.ensure_future(self._repeated(once))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        result: T = await asyncio.shield(task)
        return result

    def only_read(self, problem: StorageError) -> None:
        """See `database.Database.only_read`."""
        self.problem = problem
        self.read_only = True

    async def scrub(self, *, names_only: bool = False) -> None:
        """See `database.Database.scrub`. Dead rows go; their space is overwritten as it is reused."""
        tables = "projects, prompts, prompt_versions, name_search"
        if not names_only:
            tables += ", conversations, messages, message_parts, run_text, events, message_search"

        async def once() -> None:
            async with self._pool.acquire() as connection:
                await connection.execute(f"VACUUM {tables}")

        await self._translated(once)

    async def close(self) -> None:
        """See `database.Database.close`."""
        if self._writes:
            await asyncio.wait(tuple(self._writes))
        await self._pool.close()

    async def _repeated(self, once: Callable[[], Any]) -> Any:
        """Run a transaction again that only lost against another one."""
        for attempt in range(_ATTEMPTS - 1):
            try:
                return await once()
            except Exception as error:
                if not may_retry(error):
                    return await self._translated(_raising(error))
            # Those who met once meet again unless they come back at different times.
            await asyncio.sleep(random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))
        return await self._translated(once)

    async def _translated(self, once: Callable[[], Any]) -> Any:
        try:
            return await once()
        except Exception as error:
            translated = translate(error, self._server)
            if translated is None:
                raise
            raise translated from error


async def open_postgres(
    url: str, *, namespace: str = "public", largest_pool: int = LARGEST_POOL
) -> PostgresDatabase:
    """Connect, make or migrate the tables in the schema `namespace`, and return the database.

    A standby, or a database written by a newer chatty that can still be read, has `read_only` and `problem`
    set.

    Raises:
        StorageError: the server cannot be reached, or the schema is too new to be read.
    """
    import asyncpg  # 52 ms: only a team server pays for it

    server = without_password(url)
    pool: _Pool | None = None
    try:
        pool = cast(
            _Pool,
            await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=largest_pool,
                timeout=_CONNECT_SECONDS,
                server_settings={
                    "application_name": "chatty",
                    "search_path": namespace,
                    "statement_timeout": str(_STATEMENT_SECONDS * 1000),
                    "idle_in_transaction_session_timeout": str(_STATEMENT_SECONDS * 1000),
                },
            ),
        )
        async with pool.acquire() as connection:
            problem = await _prepare(connection, namespace, server)
    except Exception as error:
        if pool is not None:
            await pool.close()
        translated = translate(error, server)
        if translated is None:
            raise
        raise translated from error
    return PostgresDatabase(pool, server, problem)


def without_password(url: str) -> str:
    """Return the server's address as it may be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


async def _perform(connection: _Connection, work: Work[T]) -> T:
    """Run a generator to its end, as `sqlite_threads.perform` does."""
    try:
        request = next(work)
        while True:
            try:
                rows = await _execute(connection, request)
            except Exception as error:
                violation = constraint_violation(error)
                if violation is None:
                    work.close()
                    raise
                work.throw(violation)
                work.close()
                raise violation from error
            request = work.send(rows)
    except StopIteration as end:
        return cast(T, end.value)


async def _execute(connection: _Connection, request: Request) -> Sequence[Row]:
    if isinstance(request, PerEngine):
        if request.postgres is None:
            return ()
        request = request.postgres
    text, arguments = request
    return await connection.fetch(text, *arguments)


async def _prepare(connection: _Connection, namespace: str, server: str) -> StorageError | None:
    (row,) = await connection.fetch("SELECT pg_is_in_recovery() AS standby")
    if not row["standby"]:
        await _migrate(connection, namespace)
    (row,) = await connection.fetch("SELECT min_reader, min_writer FROM instance")
    if row["min_reader"] > schema.VERSION:
        raise storage_error("newer_schema", server)
    problem: StorageProblem | None = "read_only" if await _is_standby(connection) else None
    if row["min_writer"] > schema.VERSION:
        problem = "newer_schema"
    return storage_error(problem, server) if problem is not None else None


async def _is_standby(connection: _Connection) -> bool:
    (row,) = await connection.fetch("SELECT pg_is_in_recovery() AS standby")
    return bool(row["standby"])


async def apply(url: str, namespace: str, migrations: Sequence[schema.Migration]) -> int:
    """Run the migrations one by one in a schema without tables and return the version reached.

    A new database is made from the schema file instead; this is how a test compares the two.
    """
    import asyncpg

    raw = await asyncpg.connect(url, server_settings={"search_path": namespace})
    connection = cast(_Connection, raw)
    try:
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{namespace}"')
        await connection.execute(schema.BOOKKEEPING)
        for migration in migrations:
            await _run(connection, migration)
        await _record_instance(connection)
        return await _schema_version(connection)
    finally:
        await raw.close()


async def _migrate(connection: _Connection, namespace: str) -> None:
    known = schema.migrations("postgres")
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{namespace}"')
        await connection.execute(schema.BOOKKEEPING)
        version = await _schema_version(connection)
        if version == 0:
            await _build(connection, known)
    for migration in known:
        await _run(connection, migration)


async def _schema_version(connection: _Connection) -> int:
    (row,) = await connection.fetch("SELECT COALESCE(MAX(number), 0) AS newest FROM schema_migrations")
    return int(row["newest"])


async def _build(connection: _Connection, migrations: Sequence[schema.Migration]) -> None:
    now = time.time_ns() // 1_000_000
    for statement in schema.schema_statements("postgres"):
        await connection.execute(statement)
    for migration in migrations:
        await _record(connection, migration, now)
    await _record_instance(connection)


async def _record_instance(connection: _Connection) -> None:
    await connection.execute(
        "INSERT INTO instance (id, history_id, schema_version, min_reader, min_writer, created_at)"
        " VALUES (1, $1, $2, $3, $4, $5)",
        new_id(),
        schema.VERSION,
        schema.MIN_READER,
        schema.MIN_WRITER,
        time.time_ns() // 1_000_000,
    )


async def _run(connection: _Connection, migration: schema.Migration) -> None:
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
        if await _schema_version(connection) >= migration.number:
            return
        for statement in migration.statements:
            await connection.execute(statement)
        await _record(connection, migration, time.time_ns() // 1_000_000)
        await connection.execute(
            "UPDATE instance SET schema_version = $1, min_reader = $2, min_writer = $3",
            migration.number,
            schema.MIN_READER,
            schema.MIN_WRITER,
        )


async def _record(connection: _Connection, migration: schema.Migration, at_ms: int) -> None:
    await connection.execute(
        "INSERT INTO schema_migrations (number, name, applied_at) VALUES ($1, $2, $3)",
        migration.number,
        migration.name,
        at_ms,
    )


def _raising(error: Exception) -> Callable[[], Any]:
    async def raise_it() -> None:
        raise error

    return raise_it
