"""The threads that own SQLite's connections: one writes, a few read.

The writer gathers what waits, runs it in one transaction, commits once and only then answers: the cost of
making a commit durable is shared by everybody who waited for it. When a unit of the group fails, the group is
undone and run again with a savepoint around each, so that only the failing one is lost; savepoints copy every
page they touch and are too dear for the usual case. When the disk fails, every unit is tried again in a
transaction of its own, so one that fills the disk takes no other with it.

Nothing here knows what the work does.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from chatty.store.database import PerEngine, Request, Row, Work
from chatty.store.errors import StorageError
from chatty.store.sqlite_errors import (
    DRIVER_ERRORS,
    constraint_violation,
    is_constraint,
    is_storage,
    translate,
)

LARGEST_GROUP: Final = 256
"""Units per commit: enough to share a flush widely, few enough that the first does not wait long."""
QUIET_SECONDS: Final = 1.0
"""How long nothing is written before the writer brings the log into the database."""

_NUMBERS: Final = tuple(str(number) for number in range(1, 1001))


class Job:
    """One unit of work on its way through a thread, and where its outcome goes."""

    __slots__ = ("error", "future", "loop", "result", "start")

    def __init__(self, start: Callable[[], Work[Any]]) -> None:
        self.start = start
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def deliver(self) -> None:
        """Hand the outcome to whoever waits; runs in the event loop."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Errand(Job):
    """Something only the writer's connection may do, outside any transaction: a copy, a checkpoint."""

    __slots__ = ("run",)

    def __init__(self, run: Callable[[sqlite3.Connection], Any]) -> None:
        super().__init__(_nothing)
        self.run = run


class Writer:
    """The thread with the only connection that writes and checkpoints."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], path: str) -> None:
        self._connect = connect
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._is_log_empty = True
        self._thread = threading.Thread(target=self._run, name="chatty-store-writer", daemon=True)

    def start(self, connection: sqlite3.Connection) -> None:
        """Take over an open connection and begin."""
        self._connection = connection
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a unit of work."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Finish what is queued, close the connection and wait for that."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            group, goes_on = self._gather()
            if group:
                self._is_log_empty = False
                self._commit(group)
                deliver_all(group)
            elif goes_on:
                self._checkpoint()
        if self._connection is not None:
            self._connection.close()

    def _gather(self) -> tuple[list[Job], bool]:
        """Wait for work and take all that is there; False when the end was asked for."""
        group: list[Job] = []
        try:
            job = self._jobs.get(timeout=None if self._is_log_empty else QUIET_SECONDS)
            while job is not None:
                group.append(job)
                if len(group) == LARGEST_GROUP:
                    return group, True
                job = self._jobs.get_nowait()
            return group, False
        except queue.Empty:
            return group, True

    def _commit(self, group: Sequence[Job]) -> None:
        units = [job for job in group if not isinstance(job, Errand)]
        is_done = len(units) > 1 and (
            self._commit_together(units, _perform_bare) or self._commit_together(units, _perform_in_savepoint)
        )
        if not is_done:
            for job in units:
                self._commit_alone(job)
        for job in group:
            if isinstance(job, Errand):
                self._go(job)

    def _go(self, errand: Errand) -> None:
        try:
            errand.result = errand.run(self._open())
        except BaseException as error:
            self._recover(error)
            errand.error = outcome(error, self._path)

    def _commit_together(
        self, group: Sequence[Job], perform_one: Callable[[sqlite3.Connection, Job], None]
    ) -> bool:
        """Run the units in one transaction; False when it was lost as a whole and nothing is kept."""
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            for job in group:
                perform_one(connection, job)
            connection.execute("COMMIT")
        except BaseException as error:
            self._recover(error)
            return False
        return True

    def _commit_alone(self, job: Job) -> None:
        job.result = job.error = None
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            job.result = perform(connection, job.start())
            connection.execute("COMMIT")
        except BaseException as error:
            self._recover(error)
            job.error = outcome(error, self._path)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _recover(self, error: BaseException) -> None:
        """Leave no transaction open. After an error of the disk the connection's caches are not trusted."""
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            is_suspect = True
        else:
            is_suspect = isinstance(error, DRIVER_ERRORS) and is_storage(error)
        if is_suspect:
            self._connection.close()
            self._connection = None

    def _checkpoint(self) -> None:
        """Bring the log into the database while nobody writes; what readers still need stays in it."""
        self._is_log_empty = True
        try:
            self._open().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except (sqlite3.Error, StorageError) as error:
            self._recover(error)


class Readers:
    """Threads with a connection each; a unit of work sees one snapshot."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], path: str, count: int) -> None:
        self._connect = connect
        self._path = path
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"chatty-store-reader-{number}", daemon=True)
            for number in range(count)
        ]

    def start(self) -> None:
        """Begin; connections are opened when they are first needed."""
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        """Queue a unit of work."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Finish what is queued, close the connections and wait for that."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while (job := self._jobs.get()) is not None:
            try:
                connection = connection or self._connect()
                connection.execute("BEGIN")
                job.result = perform(connection, job.start())
            except BaseException as error:
                job.error = outcome(error, self._path)
            connection = _end_snapshot(connection, job.error)
            deliver_all((job,))
        if connection is not None:
            connection.close()


def perform(connection: sqlite3.Connection, work: Work[Any]) -> Any:
    """Run a generator to its end: execute what it yields, send it the rows, return its value.

    A broken rule of the schema is thrown into the generator as ConstraintViolation, so a repository can name
    it; it may not go on after that, because on PostgreSQL it could not.
    """
    try:
        request = next(work)
        while True:
            try:
                rows = _execute(connection, request)
            except DRIVER_ERRORS as error:
                if not is_constraint(error):
                    work.close()
                    raise
                violation = constraint_violation(error)
                work.throw(violation)
                work.close()
                raise violation from error
            request = work.send(rows)
    except StopIteration as end:
        return end.value


def outcome(error: BaseException, path: str) -> BaseException:
    """Return what the caller gets to see of an error."""
    if isinstance(error, DRIVER_ERRORS) and is_storage(error):
        translated = translate(error, path)
        translated.__cause__ = error
        return translated
    return error


def deliver_all(jobs: Iterable[Job]) -> None:
    """Wake each event loop once for all its jobs."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, waiting in by_loop.items():
        try:
            loop.call_soon_threadsafe(_deliver, waiting)
        except RuntimeError:  # the loop was closed meanwhile: nobody waits any more
            continue


def _nothing() -> Work[None]:
    yield from ()


def _deliver(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job.deliver()


def _perform_bare(connection: sqlite3.Connection, job: Job) -> None:
    job.result = perform(connection, job.start())


def _perform_in_savepoint(connection: sqlite3.Connection, job: Job) -> None:
    """Run one unit of a group; what it raises is its own affair, unless the storage failed."""
    job.result = job.error = None
    connection.execute("SAVEPOINT unit")
    try:
        job.result = perform(connection, job.start())
    except BaseException as error:
        if isinstance(error, DRIVER_ERRORS) and is_storage(error):
            raise
        job.error = error
    if job.error is not None:
        connection.execute("ROLLBACK TO unit")
    connection.execute("RELEASE unit")


def _execute(connection: sqlite3.Connection, request: Request) -> Sequence[Row]:
    if isinstance(request, PerEngine):
        if request.sqlite is None:
            return ()
        request = request.sqlite
    text, arguments = request
    # A tuple would be bound in the order in which `$n` appear in the text; a dict binds by number.
    return connection.execute(text, dict(zip(_NUMBERS, arguments, strict=False))).fetchall()


def _end_snapshot(
    connection: sqlite3.Connection | None, error: BaseException | None
) -> sqlite3.Connection | None:
    """Close the read transaction; a connection that met a failing disk is closed with it."""
    if connection is None:
        return None
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        is_suspect = True
    else:
        is_suspect = isinstance(error, StorageError)
    if is_suspect:
        connection.close()
        return None
    return connection
