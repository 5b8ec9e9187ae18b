"""Reports of unexpected errors: an id to show, and the traceback in a file that only its owner can read.

A report holds file names, line numbers, lines of our source and types of exceptions. Their messages and
the values of variables are left out: they may quote a prompt or a key. Nothing is sent anywhere.
"""

import os
import platform
import secrets
import traceback
from dataclasses import dataclass

import chatty
from chatty.client.private import ensure_private_directory
from chatty.protocol.errors import ProtocolError

REPORTS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of one unexpected error."""

    id: str
    path: str | None
    """Where the traceback is; `None` when the disk did not take it."""


def save_report(directory: str, error: BaseException) -> Report:
    """Write a report into the directory, which is made if need be; never raises for the disk's sake.

    The newest fifty are kept.
    """
    report_id = secrets.token_hex(4)
    path = os.path.join(directory, f"{report_id}.txt")
    try:
        ensure_private_directory(directory)
        _drop_oldest(directory)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(_head(report_id) + describe(error))
    except (OSError, ProtocolError):
        return Report(report_id, None)
    return Report(report_id, path)


def describe(error: BaseException) -> str:
    """Return the chain of tracebacks without the messages of the exceptions, safe to print."""
    chain: list[str] = []
    link: BaseException | None = error
    while link is not None:
        chain.append("".join(traceback.format_tb(link.__traceback__)) + type(link).__qualname__ + "\n")
        if isinstance(link, BaseExceptionGroup):
            chain[-1] += "".join(f"\nin it:\n\n{describe(inner)}" for inner in link.exceptions)
        link = link.__cause__ or link.__context__
    text = "\ncaused:\n\n".join(reversed(chain))
    # A directory may be called anything, control characters included.
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in text)


def _head(report_id: str) -> str:
    return (
        f"chatty {chatty.__version__}, Python {platform.python_version()}, {platform.system()},"
        f" report {report_id}\n\n"
    )


def _drop_oldest(directory: str) -> None:
    paths = [entry.path for entry in os.scandir(directory) if entry.name.endswith(".txt")]
    paths.sort(key=lambda path: os.stat(path).st_mtime)
    for path in paths[: max(len(paths) - REPORTS_KEPT + 1, 0)]:
        os.unlink(path)
