"""Directories and files that only their owner may enter or read. Standard library only."""

from __future__ import annotations

import errno
import os
import stat

from chatty.client.errors import link_error


def ensure_private_directory(path: str, *, may_be_link: bool = True) -> None:
    """Create the directory where it is missing, and refuse one that others can write to.

    It and every directory above it that has to be made get mode 0700, as the XDG base directory
    specification asks. One that others can only read is closed to them.

    Args:
        may_be_link: whether a link that is ours, to another disk for example, stands for its directory.

    Raises:
        ProtocolError: ``connection/peer``, when it belongs to another user, or others may write to it;
            ``storage/read_only`` or ``storage/unavailable``, when it cannot be made or closed, or is no
            directory.
    """
    try:
        _make(path)
        found = os.lstat(path)
    except OSError as error:
        raise unusable(path, error) from error
    if may_be_link and stat.S_ISLNK(found.st_mode) and found.st_uid == os.geteuid():
        found = _behind(path)
    if not stat.S_ISDIR(found.st_mode) and not stat.S_ISLNK(found.st_mode):
        raise unusable(path, NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))
    if (trouble := _trouble(path, found)) is not None:
        raise link_error(
            "connection/peer",
            f"{path} {trouble}, or set CHATTY_HOME to a directory of your own. Nothing was sent.",
            path=path,
        )
    if found.st_mode & 0o077:
        try:
            os.chmod(path, 0o700)
        except OSError as error:
            raise unusable(path, error) from error


def write_durably(path: str, content: bytes) -> None:
    """Put the content at the path: whole or not at all, readable by the owner only, safe on return.

    A temporary file beside it is flushed to the disk and renamed over it, then the directory is
    flushed, so that neither a crash nor a power cut leaves half a file or an old name.

    Raises:
        OSError: the disk is full, read-only, or away; the old content is untouched.
    """
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, f".{name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        _forget(temporary)
        raise
    sync_directory(directory)


def forget_unfinished(path: str) -> None:
    """Remove what killed programs left of their ``write_durably`` to this path.

    Only for whoever keeps all others from writing there: it would take their file away under them.
    """
    directory, name = os.path.split(path)
    for found in os.listdir(directory):
        if _is_temporary(found, name):
            _forget(os.path.join(directory, found))


def _is_temporary(found: str, name: str) -> bool:
    """Tell our temporary file from other hidden ones of the same name, such as an editor's swap file."""
    start, _, rest = found.rpartition(f".{name}.")
    pid, _, chance = rest.partition(".")
    return start == "" and pid.isdigit() and len(chance) == 8 and set(chance) <= set("0123456789abcdef")


def sync_directory(path: str) -> None:
    """Flush a directory, so that names just made or removed in it survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unusable(path: str, error: OSError) -> Exception:
    """Return the error for a path that the system refused: ``storage/…``, with the way out."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        kind, way_out = "full", "make room there"
    elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        kind, way_out = "read_only", "make it writable for you"
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        kind, way_out = "unavailable", "move away the file that is where a directory belongs"
    else:
        kind, way_out = "unavailable", "look at that place"
    return link_error(
        f"storage/{kind}",
        f"{path} cannot be used: {error.strerror}. Nothing was changed; {way_out}, "
        "or set CHATTY_HOME to another place.",
        path=path,
    )


def _make(path: str) -> None:
    """Make a directory and those missing above it; not ``makedirs``, whose mode is for the last alone."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except FileNotFoundError:
        if not os.path.exists(parent := os.path.dirname(path)):
            _make(parent)
        try:
            os.mkdir(path, 0o700)  # once more also when somebody else has made the parent meanwhile
        except FileExistsError:
            pass


def _behind(link: str) -> os.stat_result:
    try:
        return os.stat(link)
    except OSError as error:
        raise unusable(link, error) from error


def _trouble(path: str, found: os.stat_result) -> str | None:
    """Say why a directory is not ours alone, and what to do, as the middle of a sentence."""
    if stat.S_ISLNK(found.st_mode):
        return "is a link, and must be a directory: move the link away"
    if found.st_uid != os.geteuid():
        return f"belongs to another user (uid {found.st_uid}): make it yours with chown"
    if found.st_mode & 0o022:
        return f"can be written to by others: close it to them with `chmod 700 {path}`"
    return None


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
