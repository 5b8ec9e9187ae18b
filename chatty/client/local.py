"""The local server from the outside: find it, start it once, stop it, and refuse a false one.

One server per data directory is the server's own promise, kept by a lock it holds for life. Here a
second lock keeps a crowd of clients from starting a crowd of servers that would lose that race.
Readiness comes through a pipe; nothing here trusts a pid file. Standard library only.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time

from chatty.client.deadline import Deadline
from chatty.client.errors import link_error
from chatty.client.locations import MAX_SOCKET_PATH_BYTES
from chatty.client.peer import require_own_peer
from chatty.client.private import ensure_private_directory, unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatty.client.locations import Locations

ANSWER_SECONDS = 5.0
"""How long somebody may hold the data directory without listening before that is called stuck."""

START_SECONDS = 15.0
"""How long a server may take to come up; migrating a large database is the slow case."""

_FULL_BACKLOG = (errno.EAGAIN, errno.EWOULDBLOCK)
_NOBODY_LISTENS = (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR)


def connect_to(path: str, deadline: Deadline) -> socket.socket:
    """Connect to a socket and check that its listener is this user.

    A full backlog refuses a socket that does not block at once (unix(7), unlike TCP); that is waited
    out with jitter, and a server that takes nobody in for ``ANSWER_SECONDS`` is stuck.

    Raises:
        ProtocolError: ``connection/refused`` when nobody listens, ``connection/stuck``,
            ``connection/peer``, ``timeout``.
    """
    patience = deadline.sooner(ANSWER_SECONDS)
    while True:
        try:
            return _connected(path)
        except OSError as error:
            if error.errno not in _FULL_BACKLOG:
                raise _refused(path, error) from error
        deadline.remaining("connecting to the server")
        if patience.has_passed:
            raise _takes_nobody_in(path)
        _pause(0.002, 0.02)


def find(locations: Locations, environ: Mapping[str, str], deadline: Deadline) -> socket.socket:
    """Connect to the local server if it runs; never start it.

    Raises:
        ProtocolError: ``connection/refused``, ``connection/peer``, ``timeout``.
    """
    try:
        return connect_to(locations.socket_path, deadline)
    except Exception as error:
        other = _other_socket(locations, environ)
        if getattr(error, "type", None) != "connection/refused" or other in (None, locations.socket_path):
            raise
        return connect_to(str(other), deadline)


def find_running(locations: Locations, environ: Mapping[str, str], deadline: Deadline) -> socket.socket:
    """Connect to the local server if one runs; one that is starting or leaving is waited for.

    Raises:
        ProtocolError: ``connection/refused``, ``connection/stuck``, ``connection/peer``, ``timeout``.
    """
    connected = _Starter(locations, environ, deadline).wait_for_holder()
    if connected is None:
        raise _nobody_listens(locations.socket_path)
    return connected


def find_or_start(locations: Locations, environ: Mapping[str, str], deadline: Deadline) -> socket.socket:
    """Connect to the local server, starting it first when nobody listens.

    However many clients call this at once, one of them starts one server and all connect to it.

    Raises:
        ProtocolError: ``connection/start_failed`` or ``storage/…`` with the server's own words,
            ``connection/stuck``, ``connection/peer``, ``timeout``.
    """
    try:
        return find(locations, environ, deadline)
    except Exception as error:
        if getattr(error, "type", None) != "connection/refused":
            raise
    if is_read_only(locations):
        locations = locations.with_state_elsewhere(environ)
    if len(os.fsencode(locations.socket_path)) > MAX_SOCKET_PATH_BYTES:
        raise _too_long(locations.socket_path)
    for directory in (locations.data_dir, locations.state_dir):
        ensure_private_directory(directory)
    ensure_private_directory(locations.run_dir, may_be_link=False)
    return _Starter(locations, environ, deadline).run()


def is_read_only(locations: Locations) -> bool:
    """Tell whether there are conversations to read here, and neither data nor state can be written."""
    return os.path.exists(locations.database_path) and not any(
        os.access(directory, os.W_OK) for directory in (locations.data_dir, locations.state_dir)
    )


class _Starter:
    """The way to a connection while the server may be down, starting, held by another, or leaving."""

    def __init__(self, locations: Locations, environ: Mapping[str, str], deadline: Deadline) -> None:
        self._locations = locations
        self._environ = environ
        self._deadline = deadline
        self._patience = deadline.sooner(START_SECONDS)

    def run(self) -> socket.socket:
        """Take turns: connect, or start if nobody else does, or wait a moment."""
        while True:
            turn = self._take_turn()
            try:
                connected = self._try()
                if connected is None and turn is not None:
                    connected = self._start_and_connect()
            finally:
                if turn is not None:
                    os.close(turn)
            if connected is not None:
                return connected
            self._deadline.remaining("waiting for the local server to start")
            if self._patience.has_passed:
                raise _stuck(self._locations)
            _pause(0.01, 0.04)

    def _try(self) -> socket.socket | None:
        try:
            return find(self._locations, self._environ, self._deadline)
        except Exception as error:
            if getattr(error, "type", None) != "connection/refused":
                raise
            return None

    def _take_turn(self) -> int | None:
        """Return the start lock's descriptor, or ``None`` while another client is starting."""
        path = self._locations.start_lock_path
        descriptor = _open_lock(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            os.close(descriptor)
            raise unusable(path, error) from error
        return descriptor

    def _start_and_connect(self) -> socket.socket | None:
        from chatty.client.start import start_server  # needs subprocess: 9 ms, on a cold start only

        outcome = start_server(self._locations, self._environ, self._patience)
        if outcome == "ready":
            return self._try()
        return self.wait_for_holder()

    def wait_for_holder(self) -> socket.socket | None:
        """Connect to whoever holds the data directory, if one does: it listens soon, leaves, or is stuck."""
        patience = self._deadline.sooner(ANSWER_SECONDS)
        while not patience.has_passed:
            connected = self._try()
            if connected is not None or not is_held(self._locations.lock_path):
                return connected
            _pause(0.01, 0.04)
        self._deadline.remaining("waiting for the local server to answer")
        raise _stuck(self._locations)


def _open_lock(path: str) -> int:
    """Open the start lock; where nothing can be written its directory serves as well, being locked as one."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES):
            raise unusable(path, error) from error
    try:
        return os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise unusable(path, error) from error


def _connected(path: str) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connected.setblocking(False)  # or a full backlog would hold us, whatever the caller's deadline
    try:
        connected.connect(path)
        connected.setblocking(True)
        require_own_peer(connected)
    except BaseException:
        connected.close()
        raise
    return connected


def _other_socket(locations: Locations, environ: Mapping[str, str]) -> str | None:
    """Return where the server may listen besides the usual place: where it wrote down that it does."""
    if is_read_only(locations):
        return locations.with_state_elsewhere(environ).socket_path
    try:
        with open(locations.socket_record_path, encoding="utf-8") as record:
            return record.read().strip() or None
    except (OSError, ValueError):
        return None


def is_held(lock_path: str) -> bool:
    """Tell whether a server holds the lock. A shared lock is tried, and given back at once.

    A server that starts in that instant finds the lock taken and says so; its starter tries again.
    """
    try:
        descriptor = os.open(lock_path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _refused(path: str, error: OSError) -> Exception:
    if error.errno in _NOBODY_LISTENS:
        return _nobody_listens(path)
    return link_error(
        "connection/refused", f"The server's socket cannot be reached: {error.strerror}.", path=path
    )


def _nobody_listens(path: str) -> Exception:
    return link_error("connection/refused", "No server is running here.", path=path)


def _takes_nobody_in(path: str) -> Exception:
    return link_error(
        "connection/stuck",
        "The server listens and takes no connection in. "
        "If that goes on, end it with `chatty server stop --force`; what it accepted is kept.",
        path=path,
    )


def _too_long(path: str) -> Exception:
    return link_error(
        "storage/unavailable",
        f"{path} is too long a name for a socket: set CHATTY_HOME to a shorter path. Nothing was changed.",
        path=path,
    )


def _stuck(locations: Locations) -> Exception:
    return link_error(
        "connection/stuck",
        "A server holds the data directory but does not answer. "
        "End it with `chatty server stop --force`; what it accepted is kept.",
        path=locations.data_dir,
    )


def _pause(least_seconds: float, most_seconds: float) -> None:
    """Sleep for a random time; the system's randomness is at hand, importing a generator costs 1.4 ms."""
    share = int.from_bytes(os.urandom(2), "big") / 65536
    time.sleep(least_seconds + share * (most_seconds - least_seconds))
