"""The database's file before SQLite touches it: where it lies, what it is, whether it may be written.

Nothing here changes a file, except that a new one is made, empty and for its owner only.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chatty.file_systems import file_system_type, is_network
from chatty.store.errors import StorageError
from chatty.store.sqlite_errors import storage_error

APPLICATION_ID: Final = 0x63686174
"""What `PRAGMA application_id` says in our files: the letters `chat`."""

_ROOM_BYTES: Final = 1 << 20
"""With so much free, a full disk is full no more."""

_MAGIC: Final = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class FileState:
    """What could be learned without opening the database."""

    is_empty: bool
    """There is nothing in it yet: it may be filled."""
    problem: StorageError | None
    """Why it must not be written; None when it may."""


def examine(path: Path) -> FileState:
    """Look at the file and its place.

    Raises:
        StorageError: `corrupt` when the file is no database or is cut off; `unavailable` when the folder
            cannot be reached.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        size = 0
    except OSError as error:
        raise storage_error("unavailable", str(path)) from error
    if size:
        _check_header(path, size)
    elif _size_of(path, "-wal"):
        raise storage_error("corrupt", str(path), "The file is empty but its log is not: restore a backup")
    return FileState(is_empty=not size, problem=_obstacle(path))


def create(path: Path) -> None:
    """Make an empty file that only its owner may read, unless there is one.

    Raises:
        StorageError: `read_only`, `full` or `unavailable`.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise translate_os_error(error, path) from error


def stands_nothing_in_the_way(path: Path) -> bool:
    """Tell whether a file that could only be read may be opened for writing now, as far as can be seen."""
    try:
        if examine(path).problem is not None:
            return False
        disk = os.statvfs(_nearest_folder(path))
    except (StorageError, OSError):
        return False
    return disk.f_bavail * disk.f_frsize >= _ROOM_BYTES


def translate_os_error(error: OSError, path: Path) -> StorageError:
    """Name the storage problem behind an error of the operating system."""
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return storage_error("full", str(path))
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return storage_error("read_only", str(path))
    return storage_error("unavailable", str(path))


def _check_header(path: Path, size: int) -> None:
    """Source of the offsets: https://sqlite.org/fileformat2.html, section 1.3."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise translate_os_error(error, path) from error
    if len(header) < 100 or not header.startswith(_MAGIC):
        raise storage_error("corrupt", str(path), "The file is no database: keep it, and restore a backup")
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    counts_are_valid = header[24:28] == header[92:96]
    pages = int.from_bytes(header[28:32], "big")
    if counts_are_valid and pages * page_size > size and not _size_of(path, "-wal"):
        raise storage_error("corrupt", str(path), "The file is cut off: keep it, and restore a backup")


def _obstacle(path: Path) -> StorageError | None:
    place = path if path.exists() else _nearest_folder(path)
    if is_network(file_system_type(place)):
        return storage_error("network_filesystem", str(path))
    if not os.access(place, os.W_OK) or not os.access(_nearest_folder(path), os.W_OK):
        return storage_error("read_only", str(path))
    return None


def _nearest_folder(path: Path) -> Path:
    return next((folder for folder in path.absolute().parents if folder.exists()), Path("/"))


def _size_of(path: Path, suffix: str) -> int:
    try:
        return os.stat(f"{path}{suffix}").st_size
    except OSError:
        return 0
