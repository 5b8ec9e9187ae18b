"""Starting the local server so that it outlives whoever started it. Standard library only.

It gets its own session, no terminal, ``/`` as its directory, a log file, and of the caller's
environment only what is listed here: never a key. It says through a pipe when it is ready.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys

import chatty
from chatty.client.deadline import Deadline
from chatty.client.errors import link_error
from chatty.client.private import ensure_private_directory, unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from chatty.client.locations import Locations

IDLE_SECONDS = 1800.0
"""How long the server stays without clients and answers when nothing else is set."""

_INHERITED = (
    *("HOME", "PATH", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
    *("DBUS_SESSION_BUS_ADDRESS", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "CHATTY_HOME", "CHATTY_LOG"),
)
_INHERITED_PREFIXES = ("LC_", "XDG_", "PYTHON", "LD_", "DYLD_")
_LOG_LINES_SHOWN = 8
_MAX_READY_BYTES = 65536


def start_server(
    locations: Locations, environ: Mapping[str, str], deadline: Deadline
) -> Literal["ready", "locked"]:
    """Start the server and wait until its socket accepts, or until it says that another one runs.

    Raises:
        ProtocolError: ``connection/start_failed`` or the ``storage/…`` type the server gave, with its
            last log lines in ``details``; ``timeout``.
    """
    ensure_private_directory(os.path.dirname(locations.log_file))
    reader, writer = os.pipe()
    try:
        try:
            _spawn(locations, environ, writer)
        finally:
            os.close(writer)
        word = _read_word(reader, deadline)
    finally:
        os.close(reader)
    if word.get("ready") is True:
        return "ready"
    if word.get("reason") == "locked":
        return "locked"
    raise _failure(word, locations)


def server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of the caller's environment that the server may keep. Keys are not in it."""
    kept = {
        name: value
        for name, value in environ.items()
        if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }
    if source := _source_root():
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, (source, kept.get("PYTHONPATH"))))
    return kept


def server_command(locations: Locations, ready_descriptor: int) -> list[str]:
    """Return the command that runs the local server of these locations."""
    return [
        *(sys.executable, "-m", "chatty.server"),
        *("--data-dir", locations.data_dir),
        *("--run-dir", locations.run_dir),
        *("--ready-fd", str(ready_descriptor)),
        *("--log-file", locations.log_file),
        *("--idle-seconds", str(_idle_seconds(locations))),
    ]


def _idle_seconds(locations: Locations) -> float:
    if not os.path.exists(locations.config_file):
        return IDLE_SECONDS
    from chatty.client.settings import load  # pydantic, 35 ms: a cold start with a config file only

    return load(locations.config_file).server.idle_minutes * 60


def last_log_lines(path: str) -> list[str]:
    """Return the newest lines of the log, oldest first; none when it cannot be read."""
    try:
        with open(path, "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 8192))
            return log.read().decode("utf-8", "replace").splitlines()[-_LOG_LINES_SHOWN:]
    except OSError:
        return []


def _spawn(locations: Locations, environ: Mapping[str, str], ready_descriptor: int) -> None:
    """Run the server as a grandchild: the shell leaves at once, so no dead child is ever left over."""
    try:
        log = os.open(locations.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(locations.log_file, error) from error
    try:
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *server_command(locations, ready_descriptor)],
            check=True,
            cwd="/",
            env=server_environment(environ),
            pass_fds=(ready_descriptor,),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise link_error(
            "connection/start_failed", f"The local server could not be started: {error}."
        ) from error
    finally:
        os.close(log)


def _source_root() -> str | None:
    """Return where chatty lies when it runs from a source tree, which ``-m`` would not find from ``/``."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(chatty.__file__)))
    return None if os.path.basename(root) in ("site-packages", "dist-packages") else root


def _read_word(reader: int, deadline: Deadline) -> dict[str, object]:
    """Return the one line the server writes; an empty object when it died before that."""
    received = b""
    while b"\n" not in received and len(received) < _MAX_READY_BYTES:
        left = deadline.remaining("waiting for the local server to start")
        readable, _, _ = select.select([reader], [], [], left)
        piece = os.read(reader, 4096) if readable else b""
        if readable and not piece:
            break
        received += piece
    try:
        word = json.loads(received)
    except ValueError:
        return {}
    return word if isinstance(word, dict) else {}


def _failure(word: Mapping[str, object], locations: Locations) -> Exception:
    reason = str(word.get("reason", ""))
    if word.get("message"):
        kind = reason if reason.startswith("storage/") else "connection/start_failed"
        return link_error(kind, str(word["message"]), path=word.get("path") or locations.log_file)
    # It died without a word: the log is all there is.
    return link_error(
        "connection/start_failed",
        "The local server ended before it was ready; what was kept is safe. See: chatty server logs",
        path=locations.log_file,
        log=last_log_lines(locations.log_file),
    )
