"""Which file system a path lies on, and whether a database may lie there.

The store refuses a network file system and the doctor warns of it, by this one list. Standard library
only; it changes nothing.
"""

import os
import sys
from pathlib import Path
from typing import Final

_MOUNTINFO: Final = "/proc/self/mountinfo"
_NETWORK_TYPES: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afpfs", "webdav", "davfs", "ncpfs", "afs", "coda"}
    | {"9p", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "fuse.sshfs", "fuse.glusterfs"}
    | {"fuse.s3fs", "fuse.rclone", "fuse.davfs", "fuse.ceph", "fuse.curlftpfs"}
)


def file_system_type(path: str | Path, mountinfo: str | Path = _MOUNTINFO) -> str | None:
    """Return the name of the file system the path lies on, or None where that is unknown.

    Args:
        mountinfo: where Linux tells what is mounted; not asked elsewhere.
    """
    if sys.platform == "darwin":
        return _darwin_type(path)
    try:
        mounts = Path(mountinfo).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return _mounted_type(mounts, os.path.realpath(path))


def is_network(kind: str | None) -> bool:
    """Tell whether SQLite's shared memory and locks cannot be trusted there.

    Source: https://sqlite.org/wal.html, "WAL does not work over a network filesystem".
    """
    return kind in _NETWORK_TYPES


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


def _darwin_type(path: str | Path) -> str | None:
    """Ask statfs(2), whose record holds the name at byte 72 (`f_fstypename`, sys/mount.h, 64-bit inodes)."""
    import ctypes  # 6 ms, on this platform only

    library = ctypes.CDLL(None, use_errno=True)
    statfs = getattr(library, "statfs$INODE64", None) or library.statfs
    record = ctypes.create_string_buffer(4096)
    if statfs(os.fsencode(path), record) != 0:
        return None
    return record.raw[72:88].split(b"\0", 1)[0].decode("ascii", "replace")
