"""The bundled server of one person: one per data directory, behind an owner-only socket.

The lock on `server.lock` is held for life and freed by the kernel whatever happens, so it alone says
whether a server lives; only its holder touches the socket file. Signals are ours: a server that is
asked to stop first drains, then closes, then unlinks.
"""

import asyncio
import contextlib
import dataclasses
import errno
import fcntl
import json
import logging
import os
import random
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import uvicorn

from chatty.protocol.errors import ProtocolError
from chatty.server.app import build_application, serving
from chatty.server.descriptors import connections_that_fit, raise_limit
from chatty.server.heartbeat import tell_heads
from chatty.server.purging import purge_deleted
from chatty.server.services import Services
from chatty.server.settings import ServerSettings
from chatty.server.transport import HttpWire, Wire
from chatty.store.errors import StorageError
from chatty.store.sqlite_files import stands_nothing_in_the_way

logger = logging.getLogger(__name__)

BACKLOG: Final = 4096
"""A full backlog of a unix socket refuses at once, unlike TCP's."""
PING_SECONDS: Final = 15.0
PONG_SECONDS: Final = 20.0
WARM_AFTER_SECONDS: Final = 1.0
"""How long after the start the server waits before it imports what a first request may need."""


LOOK_AGAIN_SECONDS: Final = 2.0
"""How often a server that can only read looks whether another one could write."""


class AlreadyRunning(Exception):
    """Another server holds the lock of this data directory."""


class UnsafeDirectory(Exception):
    """The socket's directory could be entered or replaced by somebody else."""


class Readiness:
    """Tells whoever started this process, through a pipe, whether it serves.

    Args:
        descriptor: the write end of the pipe; `None` when nobody waits.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def tell(self, **facts: object) -> None:
        """Write one JSON line and close the pipe; later calls do nothing."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with contextlib.suppress(OSError):
            os.write(descriptor, json.dumps(facts).encode() + b"\n")
        os.close(descriptor)


async def run(settings: ServerSettings, readiness: Readiness) -> None:
    """Serve until idle for long enough or told to stop.

    Raises:
        AlreadyRunning: another server has the data directory.
        UnsafeDirectory: the directory of the socket is not only ours.
        StorageError: the database can neither be written nor read.
    """
    files = raise_limit()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _lock(settings.lock_path):
        async with serving(settings) as services:
            fitting = connections_that_fit(files, services.limits.max_connections)
            services.limits = dataclasses.replace(services.limits, max_connections=fitting)
            with _listening(settings) as listener:
                await _serve(settings, services, listener, readiness)


async def _serve(
    settings: ServerSettings, services: Services, listener: socket.socket, readiness: Readiness
) -> None:
    stopping = asyncio.Event()
    services.request_stop = stopping.set
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    server = web_server(services)
    serving_task = loop.create_task(server.serve(sockets=[listener]))
    background = [
        loop.create_task(tell_heads(services)),
        loop.create_task(_stop_when_idle(services, settings.idle_seconds, stopping)),
        loop.create_task(_warm(services)),
        loop.create_task(purge_deleted(services)),
        loop.create_task(_make_way_when_writable(services, settings.database_path, stopping)),
    ]
    await server.has_started.wait()
    readiness.tell(ready=True, pid=os.getpid())
    logger.info("serving %s as process %d", settings.data_dir, os.getpid())
    await stopping.wait()
    await _drain(services, settings.drain_seconds)
    for task in background:
        task.cancel()
    server.should_exit = True
    await serving_task
    logger.info("stopped")


async def _drain(services: Services, grace_seconds: float) -> None:
    """Take nothing new, tell everybody, let runs end."""
    services.is_draining = True
    for connection in list(services.connections):
        wait_ms = random.randrange(0, 500)
        connection.notify("notice", {"type": "draining", "reconnect_after_ms": wait_ms})
    await services.engine.drain(grace_seconds)


async def _stop_when_idle(services: Services, idle_seconds: float, stopping: asyncio.Event) -> None:
    """Set `stopping` once nobody was connected and nothing ran for long enough."""
    if idle_seconds <= 0:
        return
    quiet_since = time.monotonic()
    while True:
        if services.connections or services.engine.active_count:
            quiet_since = time.monotonic()
        left = quiet_since + idle_seconds - time.monotonic()
        if left <= 0:
            logger.info("idle for %.0f s", idle_seconds)
            stopping.set()
            return
        await asyncio.sleep(min(left, max(idle_seconds / 20, 0.05)))


async def _make_way_when_writable(services: Services, database: Path, stopping: asyncio.Event) -> None:
    """A server that can only read leaves once nothing keeps its successor from writing.

    Whoever needs one next starts it; nobody has to know that this one must end first.
    """
    problem = services.stores.durable.problem
    if problem is None or problem.type not in ("full", "read_only"):
        return
    while True:
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        if await asyncio.to_thread(stands_nothing_in_the_way, database):
            logger.info("the database can be written again")
            stopping.set()
            return


async def _warm(services: Services) -> None:
    """Import ahead what the first request to a vendor would wait for."""
    await asyncio.sleep(WARM_AFTER_SECONDS)
    try:
        await services.providers.warm(("openai",))
    except Exception:
        logger.exception("warming up failed; the first request will be slower")


def web_server(services: Services) -> "_QuietServer":
    """Return what speaks HTTP and WebSocket for an open server; it serves the sockets it is given."""
    config = uvicorn.Config(
        build_application(services),
        http=_OwnersOnly,
        ws=Wire,
        ws_max_size=services.limits.max_frame_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PONG_SECONDS,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=5,
    )
    return _QuietServer(config)


class _OwnersOnly(HttpWire):
    allowed_uid = os.geteuid()


class _QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers (stopping has an order of ours), telling when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the lock of the data directory for as long as the block runs.

    Raises:
        AlreadyRunning: somebody else holds it.
    """
    descriptor = _open_lock(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning from error
        yield
    finally:
        os.close(descriptor)


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # it can be locked all the same, and read


@contextlib.contextmanager
def _listening(settings: ServerSettings) -> Iterator[socket.socket]:
    """Listen on the socket of the run directory; unlink it afterwards. Only the lock's holder calls this."""
    own_directory(settings.run_dir)
    path = settings.socket_path
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    _record_place(settings)
    try:
        yield listener
    finally:
        listener.close()
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def own_directory(path: Path) -> None:
    """Make a directory only its owner may enter, or check that it is one.

    Raises:
        UnsafeDirectory: it is a link, belongs to somebody else, or others may enter it.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafeDirectory(f"{path} is not a directory")
    if found.st_uid != os.geteuid():
        raise UnsafeDirectory(f"{path} belongs to another user")
    if found.st_mode & 0o077:
        raise UnsafeDirectory(f"{path} can be entered by others; chmod 700 it")


def _record_place(settings: ServerSettings) -> None:
    """Note beside the lock where the socket is, for clients that cannot derive it."""
    note = settings.data_dir / "server.socket"
    text = f"{settings.socket_path}\n"
    try:
        if not note.exists() or note.read_text(encoding="utf-8") != text:
            note.write_text(text, encoding="utf-8")
    except OSError as error:
        logger.warning("%s could not be written: %s", note, error.strerror)


def failure(error: Exception) -> ProtocolError:
    """Return what whoever started the server is told when it cannot serve."""
    match error:
        case StorageError():
            return ProtocolError(error.code, str(error), details={"path": error.path})
        case UnsafeDirectory():
            return ProtocolError("storage/unsafe_directory", str(error))
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return ProtocolError("storage/unavailable", f"{where}{error.strerror or error}")
        case _:
            return ProtocolError("internal", "the server could not start; its log has the details")
