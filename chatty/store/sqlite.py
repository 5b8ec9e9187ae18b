"""The database in one SQLite file: opening it, or saying why not, and the port's methods on its threads.

WAL with `synchronous=FULL`: what was answered has been flushed. A file that must not be written (damaged,
on a network file system, written by a newer chatty, on a read-only disk) is opened for reading where that
is possible and never touched.
"""

import asyncio
import functools
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar
from urllib.parse import quote

from chatty.protocol.ids import new_id
from chatty.store import schema, sqlite_files
from chatty.store.database import SYSTEM, Scope, Work
from chatty.store.errors import StorageError
from chatty.store.sqlite_errors import (
    DAMAGED_VALUES,
    DRIVER_ERRORS,
    storage_error,
    translate,
    translate_opening,
)
from chatty.store.sqlite_migrations import (
    build,
    check_columns,
    copy_database,
    is_foreign,
    migrate,
    schema_version,
)
from chatty.store.sqlite_threads import Errand, Job, Readers, Writer

if TYPE_CHECKING:
    import tempfile

P = ParamSpec("P")
T = TypeVar("T")

READERS: Final = 2
_BUSY_SECONDS: Final = 5.0
_MERGED_PAGES: Final = 500
"""Index pages merged per transaction, so that others can write in between."""
_CUTS: Final = 50
_CUT_PAUSE_SECONDS: Final = 0.2
"""How often, and how long apart, the log is tried to be cut while somebody reads from it."""
_STILL_IN_THE_LOG: Final = (
    "What was deleted is gone from the file, and not yet from the log beside it: "
    "end the other program that reads it, then run `chatty server stop`"
)
_STATEMENTS: Final = 256
"""Prepared statements kept per connection."""

_EVERY_CONNECTION: Final = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16384",
)
_WRITER: Final = (
    "PRAGMA synchronous = FULL",  # NORMAL loses acknowledged commits when the power fails
    "PRAGMA secure_delete = ON",  # deleted text is overwritten, not only unlinked
    "PRAGMA journal_size_limit = 33554432",
    "PRAGMA wal_autocheckpoint = 2000",
)
_READER: Final = ("PRAGMA query_only = ON",)


class SqliteDatabase:
    """One open file. Made by `open_database`."""

    def __init__(
        self,
        path: Path,
        problem: StorageError | None,
        writer: Writer | None,
        readers: Readers | Writer,
        copy: "tempfile.TemporaryDirectory[str] | None" = None,
    ) -> None:
        self.path = path
        self.problem = problem
        self.read_only = writer is None
        self.backup: Path | None = None
        """The verified copy made before the file was migrated in this opening."""
        self._writer = writer
        self._readers = readers
        self._copy = copy
        self._is_closed = False

    async def read(
        self, scope: Scope, work: Callable[Concatenate[Scope, P], Work[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See `database.Database.read`."""
        self._require_open()
        job = Job(functools.partial(work, scope, *args, **kwargs))
        self._readers.submit(job)
        result: T = await job.future
        return result

    async def write(
        self, scope: Scope, work: Callable[Concatenate[Scope, P], Work[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """See `database.Database.write`."""
        self._require_open()
        if self._writer is None or self.read_only:
            raise self._refusal()
        job = Job(functools.partial(work, scope, *args, **kwargs))
        self._writer.submit(job)
        result: T = await job.future
        return result

    def only_read(self, problem: StorageError) -> None:
        """See `database.Database.only_read`."""
        self.problem = problem
        self.read_only = True

    async def scrub(self, *, names_only: bool = False) -> None:
        """See `database.Database.scrub`. Its time grows with the size of the search index."""
        for table in ("name_fts",) if names_only else ("message_fts", "name_fts"):
            pages = -_MERGED_PAGES
            while await self.write(SYSTEM, _merge_search_index, table, pages):
                pages = _MERGED_PAGES
        for _ in range(_CUTS):
            if await self._errand(_cut_log):
                return
            await asyncio.sleep(_CUT_PAUSE_SECONDS)
        raise storage_error("busy", str(self.path), _STILL_IN_THE_LOG)

    async def copy_to(self, target: Path) -> None:
        """Write a verified copy of everything accepted so far into a new file.

        Raises:
            StorageError: the copy could not be written or does not verify; there is no file then.
        """
        await self._errand(functools.partial(_copy_to, target))

    async def close(self) -> None:
        """See `database.Database.close`."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._readers.stop()
        if self._writer is not None:
            self._writer.stop()
        if self._copy is not None:
            self._copy.cleanup()

    async def _errand(self, errand: Callable[[sqlite3.Connection], T]) -> T:
        """Let the writer do something outside any transaction, and return what it returns."""
        self._require_open()
        if self._writer is None or self.read_only:
            raise self._refusal()
        job = Errand(errand)
        self._writer.submit(job)
        result: T = await job.future
        return result

    def _require_open(self) -> None:
        if self._is_closed:
            raise storage_error("unavailable", str(self.path), "The database was closed")

    def _refusal(self) -> StorageError:
        problem = self.problem
        if problem is None or problem.type == "read_only":
            return storage_error("read_only", str(self.path))
        return StorageError("read_only", str(self.path), f"{str(problem)[0].upper()}{str(problem)[1:]}")


async def open_database(path: Path, *, readers: int = READERS) -> SqliteDatabase:
    """Open the file, making or migrating it as needed; close it with `close`.

    When the file must not be written but can be read, the database has `read_only` and `problem` set.

    Raises:
        StorageError: it cannot be read either; the file is as it was.
    """
    return await asyncio.to_thread(_open, path, readers)


async def open_memory() -> SqliteDatabase:
    """Open an empty database in memory: the same schema, nothing on any disk, gone when it is closed."""
    return await asyncio.to_thread(_open_memory)


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open a connection that may write.

    Raises:
        StorageError: the file cannot be opened.
    """
    return _connect(path, "mode=rw", (*_EVERY_CONNECTION, *_WRITER))


def connect_reader(path: Path, options: str = "mode=rw") -> sqlite3.Connection:
    """Open a connection that only reads.

    Raises:
        StorageError: the file cannot be opened.
    """
    return _connect(path, options, (*_EVERY_CONNECTION, *_READER))


def _merge_search_index(_scope: Scope, table: str, pages: int) -> Work[bool]:
    """Merge a search index a little further into one segment; False when there is nothing left to merge.

    Only a whole merge drops words of which every occurrence was deleted. A negative number of pages begins
    one. Source: https://sqlite.org/fts5.html, section 6.8 (the 'merge' command), which also gives the rule
    that fewer than two changes mean the end.
    """
    before = yield "SELECT total_changes() AS changes", ()
    yield f"INSERT INTO {table} ({table}, rank) VALUES ('merge', $1)", (pages,)
    after = yield "SELECT total_changes() AS changes", ()
    return bool(after[0]["changes"] - before[0]["changes"] >= 2)


def _cut_log(connection: sqlite3.Connection) -> bool:
    """Bring the whole log into the file and cut it to nothing; False when somebody still reads from it.

    Readers are waited for in between, not here, where every write would wait with it.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_SECONDS * 1000)}")
    return not is_busy


def _copy_to(target: Path, connection: sqlite3.Connection) -> None:
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise sqlite_files.translate_os_error(error, target) from error
    try:
        copy_database(connection, target)
    except DRIVER_ERRORS as error:
        target.unlink()
        raise translate(error, str(target)) from error
    except StorageError:
        target.unlink()
        raise


def _connect(path: Path, options: str, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    connection = None
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?{options}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS,
        )
        try:
            connection.row_factory = sqlite3.Row
            for pragma in pragmas:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
    except DRIVER_ERRORS as error:
        if connection is not None:
            connection.close()
        raise translate_opening(error, str(path)) from error
    return connection


def _open(path: Path, readers: int) -> SqliteDatabase:
    state = sqlite_files.examine(path)
    if state.problem is not None:
        return _open_for_reading(path, readers, state.problem)
    if state.is_empty:
        sqlite_files.create(path)
    try:
        connection = connect_writer(path)
    except StorageError as error:
        return _open_in_spite_of(error, path, readers)
    try:
        problem = _why_not_write(connection, path)
        if problem is None:
            backup = _prepare(connection, path, is_empty=state.is_empty)
            return _start(path, connection, readers, backup)
    except DRIVER_ERRORS as error:
        connection.close()
        return _open_in_spite_of(translate_opening(error, str(path)), path, readers)
    except DAMAGED_VALUES:
        problem = storage_error("corrupt", str(path))
    except BaseException:
        connection.close()
        raise
    connection.close()
    return _open_for_reading(path, readers, problem)


def _open_in_spite_of(problem: StorageError, path: Path, readers: int) -> SqliteDatabase:
    """Open for reading what could not be opened for writing, unless that would meet the same problem."""
    if problem.type not in ("read_only", "full", "corrupt"):
        raise problem
    return _open_for_reading(path, readers, problem)


def _prepare(connection: sqlite3.Connection, path: Path, *, is_empty: bool) -> Path | None:
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    if is_empty or schema_version(connection) == 0:
        # Nothing was built yet, or another starter is at it: then this waits for it and builds nothing.
        build(connection, new_id())
        return None
    backup = migrate(connection, path)
    check_columns(connection)
    return backup


def _start(path: Path, connection: sqlite3.Connection, count: int, backup: Path | None) -> SqliteDatabase:
    writer = Writer(functools.partial(connect_writer, path), str(path))
    readers = Readers(functools.partial(connect_reader, path), str(path), count)
    database = SqliteDatabase(path, None, writer, readers)
    database.backup = backup
    writer.start(connection)
    readers.start()
    return database


def _why_not_write(connection: sqlite3.Connection, path: Path) -> StorageError | None:
    if is_foreign(connection):
        raise storage_error("corrupt", str(path), "The file belongs to another program: choose another place")
    version = schema_version(connection)
    if version <= schema.VERSION:
        return None
    row = connection.execute("SELECT min_reader, min_writer FROM instance").fetchone()
    if row["min_reader"] > schema.VERSION:
        raise storage_error("newer_schema", str(path))
    return storage_error("newer_schema", str(path)) if row["min_writer"] > schema.VERSION else None


def _open_for_reading(path: Path, count: int, problem: StorageError) -> SqliteDatabase:
    """Open without writing a byte beside or into the file.

    Raises:
        StorageError: `problem` where there is nothing to read, or what reading met.
    """
    if not path.exists() or path.stat().st_size == 0:
        raise problem
    copy = None
    place, options = path, "mode=ro&immutable=1"
    if Path(f"{path}-wal").exists() and Path(f"{path}-wal").stat().st_size:
        # What the log holds can be read only by a SQLite that may make its shared memory: read a copy.
        copy = _temporary_copy(path)
        place, options = Path(copy.name) / path.name, "mode=rw"
    try:
        _check_readable(place, options, path, problem)
    except BaseException:
        if copy is not None:
            copy.cleanup()
        raise
    readers = Readers(functools.partial(connect_reader, place, options), str(path), count)
    database = SqliteDatabase(path, problem, None, readers, copy)
    readers.start()
    return database


def _check_readable(place: Path, options: str, path: Path, problem: StorageError) -> None:
    connection = connect_reader(place, options)
    try:
        version = schema_version(connection)
        if is_foreign(connection) or version == 0:
            raise storage_error("corrupt", str(path), "The file is no database of chatty's")
        if version < schema.VERSION:
            raise problem  # what keeps it from being written keeps it from being brought up to date
        check_columns(connection)
        (min_reader,) = connection.execute("SELECT min_reader FROM instance").fetchone()
        if min_reader > schema.VERSION:
            raise storage_error("newer_schema", str(path))
    except DRIVER_ERRORS as error:
        raise translate_opening(error, str(path)) from error
    except DAMAGED_VALUES as error:
        raise storage_error("corrupt", str(path)) from error
    finally:
        connection.close()


def _temporary_copy(path: Path) -> "tempfile.TemporaryDirectory[str]":
    import shutil  # these two take 10 ms, for this rare case only
    import tempfile

    try:
        folder = tempfile.TemporaryDirectory(prefix="chatty-")
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", Path(folder.name) / f"{path.name}{suffix}")
    except OSError as error:
        raise sqlite_files.translate_os_error(error, path) from error
    return folder


def _open_memory() -> SqliteDatabase:
    """Its one connection serves reads too: a second one would see another database.

    References are not enforced: what an ephemeral conversation refers to is in the durable database.
    """
    path = ":memory:"
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
    )
    connection.row_factory = sqlite3.Row
    build(connection, new_id())
    writer = Writer(functools.partial(connect_writer, Path(path)), path)
    writer.start(connection)
    return SqliteDatabase(Path(path), None, writer, writer)
