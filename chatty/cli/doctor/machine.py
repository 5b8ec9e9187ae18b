"""Checks of the machine: versions, directories, disk, file system, terminal, keyring. No server is asked."""

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator

import chatty
from chatty.cli.doctor.finding import Finding, failed, ok, warning
from chatty.cli.exit_codes import ExitCode
from chatty.cli.screen import can_draw
from chatty.cli.system_keyring import KEYRING_SECONDS, backend_name, is_absent, is_unencrypted
from chatty.client.locations import Locations
from chatty.file_systems import file_system_type, is_network

GOOD_SQLITE = (3, 51, 3)
"""Older ones can lose a write when two connections checkpoint at once (sqlite.org, WAL-reset bug)."""
LITTLE_DISK_BYTES = 1 << 30
NO_DISK_BYTES = 64 << 20
_KEEP_IN_FILE = "keep keys in a file: chatty providers add NAME --keep-in file"


def versions() -> Iterator[Finding]:
    """Look at chatty, Python and SQLite."""
    yield ok("chatty", chatty.__version__)
    yield ok("python", f"{platform.python_version()} at {sys.executable}, {platform.platform()}")
    if sqlite3.sqlite_version_info < GOOD_SQLITE:
        wanted = ".".join(map(str, GOOD_SQLITE))
        yield warning(
            "sqlite",
            f"{sqlite3.sqlite_version}, older than {wanted}",
            f"use a Python with SQLite {wanted} or newer when you can",
        )
    else:
        yield ok("sqlite", sqlite3.sqlite_version)


def directories(locations: Locations) -> Iterator[Finding]:
    """Look at where things are kept: can it be made and written, and can others read it?"""
    places = (("config", locations.config_dir), ("data", locations.data_dir), ("state", locations.state_dir))
    for name, path in places:
        yield _directory(f"{name}_directory", path)


def disk(locations: Locations) -> Finding:
    """Look at the room left for conversations."""
    free = shutil.disk_usage(_nearest_existing(locations.data_dir)).free
    detail = f"{free / (1 << 30):.1f} GiB free for {locations.data_dir}"
    if free < NO_DISK_BYTES:
        return failed("disk", detail, "make room, then try again: nothing can be kept", ExitCode.STORAGE)
    if free < LITTLE_DISK_BYTES:
        return warning("disk", detail, "make room before it runs out")
    return ok("disk", detail)


def file_system(locations: Locations) -> Finding:
    """Look at the file system under the database: write-ahead logs need a local one."""
    kind = file_system_type(_nearest_existing(locations.data_dir))
    if is_network(kind):
        return failed(
            "file_system",
            f"{locations.data_dir} is on a network file system ({kind})",
            "put the data on a local disk: set CHATTY_HOME or XDG_DATA_HOME",
            ExitCode.STORAGE,
        )
    return ok("file_system", f"{kind or 'a local or unknown file system'} under {locations.data_dir}")


def terminal() -> Finding:
    """Look at the terminal this runs in."""
    if not (os.isatty(0) and os.isatty(1)):
        return ok("terminal", "none here; the full-screen client needs one, everything else does not")
    size = os.get_terminal_size(1)
    kind = os.environ.get("TERM", "")
    detail = f"{kind or 'unnamed'}, {size.columns} by {size.lines}, {_colours()}"
    if not can_draw(os.environ):
        return warning("terminal", detail, "this one cannot draw screens; chatty goes line by line there")
    if size.columns < 80:
        return warning("terminal", detail, "80 columns or more show everything")
    return ok("terminal", detail)


def keyring() -> Finding:
    """Look at where keys can be kept."""
    name = backend_name()
    if isinstance(name, Exception):
        return warning("keyring", f"it fails: {type(name).__name__}: {name}", _KEEP_IN_FILE)
    if name is None:
        return warning(
            "keyring", f"no answer within {KEYRING_SECONDS:.0f} s", f"unlock it, or {_KEEP_IN_FILE}"
        )
    if is_unencrypted(name):
        return warning("keyring", f"{name} hides nothing, so no key is kept there", _KEEP_IN_FILE)
    if is_absent(name):
        return warning(
            "keyring",
            "none on this machine",
            "use variables such as OPENAI_API_KEY, or: chatty providers add NAME --keep-in file",
        )
    return ok("keyring", name)


def _directory(check: str, path: str) -> Finding:
    nearest = _nearest_existing(path)
    in_the_way = _file_in_the_way(path, nearest)
    if in_the_way is not None:
        return failed(
            check,
            f"{in_the_way} is no directory",
            "move that file away, or set CHATTY_HOME to another place",
            ExitCode.STORAGE,
        )
    if not os.access(nearest, os.W_OK | os.X_OK):
        return failed(
            check,
            f"{nearest} cannot be written",
            f"make it yours: chown or chmod {nearest}",
            ExitCode.STORAGE,
        )
    if nearest != path:
        return ok(check, f"{path}, made when needed")
    if os.stat(path).st_mode & 0o077:
        return warning(check, f"{path} can be read by others", f"chmod 700 {path}")
    return ok(check, path)


def _file_in_the_way(path: str, nearest: str) -> str | None:
    """Return what stands where the first missing directory belongs, if anything does."""
    if path == nearest:
        return None
    below = os.path.join(nearest, os.path.relpath(path, nearest).split(os.sep)[0])
    return below if os.path.lexists(below) else None


def _nearest_existing(path: str) -> str:
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _colours() -> str:
    if os.environ.get("NO_COLOR"):
        return "no colours wanted"
    return "16 million colours" if os.environ.get("COLORTERM") in ("truecolor", "24bit") else "few colours"
