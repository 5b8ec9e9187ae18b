"""The database's file before SQLite touches it: where it lies, what it is, whether it may be written.

Nothing here changes a file, except that a new one is made, empty and for its owner only.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chatty.store.errors import StorageError
from chatty.store.sqlite_errors import storage_error

APPLICATION_ID: Final = 0x63686174
"""What `PRAGMA application_id` says in our files: the letters `chat`."""

_MAGIC: Final = b"SQLite format 3\0"
_NETWORK_TYPES: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "ncpfs", "afs", "coda"}
    | {"9p", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "fuse.sshfs", "fuse.glusterfs"}
    | {"fuse.s3fs", "fuse.rclone", "fuse.davfs", "fuse.ceph", "fuse.curlftpfs"}
)


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


def translate_os_error(error: OSError, path: Path) -> StorageError:
    """Name the storage problem behind an error of the operating system."""
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return storage_error("full", str(path))
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return storage_error("read_only", str(path))
    return storage_error("unavailable", str(path))


def filesystem_type(path: Path) -> str | None:
    """Return the name of the file system the path lies on, or None where that is unknown."""
    if sys.platform == "darwin":
        return _darwin_filesystem_type(path)
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return _mounted_type(mounts, os.path.realpath(path))


def is_network(filesystem: str | None) -> bool:
    """Tell whether SQLite's shared memory and locks cannot be trusted there.

    Source: https://sqlite.org/wal.html, "WAL does not work over a network filesystem".
    """
    return filesystem in _NETWORK_TYPES


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
    if is_network(filesystem_type(place)):
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


def _mounted_type(mounts: str, path: str) -> str | None:
    """Return the type of the last mount whose point is the longest prefix of the path.

    Source: proc_pid_mountinfo(5): the mount point is field 5, the type the first after ` - `.
    """
    best: tuple[int, str] | None = None
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) < 5 or not right:
            continue
        point = fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n")
        point = point.replace("\\134", "\\")
        is_above = path == point or path.startswith(point.rstrip("/") + "/")
        if is_above and (best is None or len(point) >= best[0]):
            best = len(point), right.split()[0]
    return best[1] if best is not None else None


def _darwin_filesystem_type(path: Path) -> str | None:
    """Ask statfs(2), whose record holds the name at byte 72 (`f_fstypename`, sys/mount.h, 64-bit inodes)."""
    import ctypes  # 6 ms, on this platform only

    library = ctypes.CDLL(None, use_errno=True)
    statfs = getattr(library, "statfs$INODE64", None) or library.statfs
    record = ctypes.create_string_buffer(4096)
    if statfs(os.fsencode(path), record) != 0:
        return None
    return record.raw[72:88].split(b"\0", 1)[0].decode("ascii", "replace")
