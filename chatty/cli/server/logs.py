"""``chatty server logs``: the log file of the local server, and what is added to it."""

import io
import os
import time
from typing import Annotated

import typer

from chatty.cli.output.streams import out_is_terminal, write_note, write_out
from chatty.client.locations import Locations
from chatty.protocol.errors import ProtocolError
from chatty.rendering.sanitizer import sanitize

EXAMPLE = "chatty server logs -f"

_LOOK_AGAIN_SECONDS = 0.2
_TAIL_BYTES = 1 << 20


def show_logs(
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is added.")] = False,
    lines: Annotated[
        int, typer.Option("-n", "--lines", metavar="N", min=0, help="How many of the newest lines.")
    ] = 50,
) -> None:
    """Print the newest lines of the local server's log."""
    path = Locations.from_environment(os.environ).log_file
    if not os.path.exists(path):
        write_note(f"no log yet: {path}")
        if not follow:
            return
        _wait_for(path)
    try:
        with open(path, "rb") as file:
            _print(_tail(file, lines))
            while follow:
                _print(file.read())
                time.sleep(_LOOK_AGAIN_SECONDS)
                _start_over_if_truncated(file)
    except OSError as error:
        raise ProtocolError("storage/log", f"{path} cannot be read: {error.strerror}") from error


def _wait_for(path: str) -> None:
    while not os.path.exists(path):
        time.sleep(_LOOK_AGAIN_SECONDS)


def _tail(file: io.BufferedReader, lines: int) -> bytes:
    """Return the newest lines, reading no more than the end of the file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    newest = file.read().splitlines(keepends=True)
    return b"".join(newest[-lines:] if lines else [])


def _start_over_if_truncated(file: io.BufferedReader) -> None:
    if os.fstat(file.fileno()).st_size < file.tell():
        file.seek(0)


def _print(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    write_out(sanitize(text) if out_is_terminal() else text)
