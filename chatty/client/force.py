"""Ending a local server that does not answer: the right process, and no other.

Which process it is comes from the kernel, by the socket's listener or the lock's holder, never from a
name or a file. Before each signal its user, start time and command are looked at. Standard library only.

Sources: proc(5) for ``/proc/PID/stat`` (field 22 is the start time), ``cmdline`` and ``/proc/locks``;
ps(1) on macOS.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

from chatty.client.errors import link_error
from chatty.client.local import is_held
from chatty.client.peer import peer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chatty.client.locations import Locations

TERM_SECONDS = 5.0
"""How long the process may take to leave by itself after it was asked to by a signal."""

KILL_SECONDS = 5.0


class Identity:
    """What tells a process from another one that has got its number since.

    Attributes:
        uid: its user.
        started: when it started, as the system writes it.
        command: its executable and arguments, in one line.
    """

    __slots__ = ("command", "started", "uid")

    def __init__(self, uid: int, started: str, command: str) -> None:
        self.uid = uid
        self.started = started
        self.command = command

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Identity):
            return NotImplemented
        return (self.uid, self.started, self.command) == (other.uid, other.started, other.command)

    __hash__ = None  # type: ignore[assignment]  # compared, never looked up


def stop_by_force(locations: Locations) -> int | None:
    """End the local server of these locations, with SIGTERM first and SIGKILL after; accepted work is kept.

    Returns:
        The process id that was ended, ``None`` when no server runs.

    Raises:
        ProtocolError: ``connection/stuck``, when the process cannot be told with certainty, belongs to
            another user, is no chatty server, or does not end.
    """
    pid = find_server(locations)
    if pid is None:
        if is_held(locations.lock_path):
            raise link_error("connection/stuck", "Which process holds the data directory cannot be told.")
        return None
    identity = identify(pid)
    if identity is None:
        return None
    _require_own_server(pid, identity)
    for number, seconds in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
        _signal(pid, identity, number)
        if _has_ended(pid, identity, locations.lock_path, seconds):
            return pid
    raise link_error("connection/stuck", f"Process {pid} does not end, not even by SIGKILL.", pid=pid)


def wait_for_end(pid: int, seconds: float) -> None:
    """Wait, so long at most, until a server that is on its way out is gone: its files are closed then.

    A process of that number that is no chatty server of ours is not waited for.
    """
    identity = identify(pid)
    if identity is None or identity.uid != os.geteuid() or "chatty" not in identity.command:
        return
    end = time.monotonic() + seconds
    while identify(pid) == identity and time.monotonic() < end:
        time.sleep(0.02)


def find_server(locations: Locations) -> int | None:
    """Return the process that listens on the socket, else the one that holds the lock, if there is one."""
    return _listener(locations.socket_path) or _lock_holder(locations.lock_path)


def identify(pid: int, platform: str = sys.platform) -> Identity | None:
    """Return what the system knows of a process, ``None`` when there is none."""
    if platform == "darwin":
        return _identify_by_ps(pid)
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            after_name = file.read().rpartition(")")[2].split()
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        uid = os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None
    if after_name[0] in ("Z", "X"):
        return None
    return Identity(uid, after_name[19], command)


def _identify_by_ps(pid: int) -> Identity | None:
    found = subprocess.run(
        ["/bin/ps", "-o", "uid=,lstart=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    pieces = found.stdout.split()
    if found.returncode or len(pieces) < 7:
        return None
    return Identity(int(pieces[0]), " ".join(pieces[1:6]), " ".join(pieces[6:]))


def _listener(path: str) -> int | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
        connected.settimeout(1.0)
        try:
            connected.connect(path)
            return peer_of(connected).pid
        except OSError:
            return None


def _lock_holder(path: str) -> int | None:
    """Read the kernel's table of locks; macOS has none that can be read."""
    try:
        inode = os.stat(path).st_ino
        with open("/proc/locks", encoding="ascii") as table:
            rows = [line.split() for line in table]
    except OSError:
        return None
    for row in rows:
        if row[1] == "FLOCK" and row[5].rpartition(":")[2] == str(inode):
            return int(row[4])
    return None


def _require_own_server(pid: int, identity: Identity) -> None:
    if identity.uid != os.geteuid() or "chatty" not in identity.command:
        raise link_error(
            "connection/stuck",
            f"Process {pid} holds the data directory but is not your chatty server; it was left alone.",
            pid=pid,
        )


def _signal(pid: int, identity: Identity, number: int) -> None:
    """Send a signal if the process is still the same one."""
    if identify(pid) == identity:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def _has_ended(pid: int, identity: Identity, lock_path: str, seconds: float) -> bool:
    """Wait for the process to be gone and for its lock: of several threads the first goes earlier."""
    end = time.monotonic() + seconds
    while identify(pid) == identity or is_held(lock_path):
        if time.monotonic() >= end:
            return False
        time.sleep(0.02)
    return True
