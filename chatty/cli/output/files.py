"""A result into a file: whole or not at all."""

import os
import stat
import tempfile
from collections.abc import Callable

from chatty.cli.output.streams import out_is_terminal, write_out
from chatty.protocol.errors import ProtocolError


def write_result(text: str, path: str | None) -> None:
    """Write to the file, or to standard output without one.

    An existing file is replaced in one step, so an interruption leaves the old one or the new one.

    Raises:
        ProtocolError: ``storage/output``, when the file cannot be written.
    """
    if path is None or path == "-":
        write_out(text)
        return
    if os.path.exists(path) and not os.path.isfile(path):
        # A device or a pipe is written to, not replaced.
        _guarded(lambda: _write_through(text, path), path)
    else:
        _guarded(lambda: _replace(text, path), path)


def is_terminal(path: str | None) -> bool:
    """Tell whether ``write_result`` would write to a person's terminal, under whatever name."""
    if path is None or path == "-":
        return out_is_terminal()
    if not stat.S_ISCHR(_mode_of(path)):
        return False
    try:
        with open(path, "wb", buffering=0) as device:
            return device.isatty()
    except OSError:
        return False


def _mode_of(path: str) -> int:
    try:
        return os.stat(path).st_mode
    except OSError:
        return 0


def _guarded(write: Callable[[], None], path: str) -> None:
    try:
        write()
    except OSError as error:
        raise ProtocolError(
            "storage/output", f"{path} cannot be written: {error.strerror}; nothing was changed"
        ) from error


def _write_through(text: str, path: str) -> None:
    with open(path, "w", encoding="utf-8", errors="replace", newline="") as file:
        file.write(text)


def _replace(text: str, path: str) -> None:
    target = os.path.realpath(path)
    descriptor, temporary = tempfile.mkstemp(prefix=".chatty-", dir=os.path.dirname(target))
    try:
        with open(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
        os.chmod(temporary, _mode(target))
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode(target: str) -> int:
    """Keep the mode of a file that is replaced; a new one is the owner's: conversations are private."""
    try:
        return os.stat(target).st_mode & 0o777
    except FileNotFoundError:
        return 0o600
