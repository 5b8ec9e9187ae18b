"""``chatty server logs``: the log file of the local server, and what is added to it."""

import codecs
import io
import os
from typing import Annotated

import typer

from chatty.cli.output.streams import out_is_terminal, pause, write_note, write_out
from chatty.client.locations import Locations
from chatty.protocol.errors import ProtocolError
from chatty.rendering.sanitizer import StreamSanitizer, sanitize

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
        write_note(f"no log yet: {sanitize(path, multiline=False)}")
        if not follow:
            return
        _wait_for(path)
    try:
        with open(path, "rb") as file:
            shown = _Shown()
            shown.print(_tail(file, lines))
            while follow:
                shown.print(file.read())
                pause(_LOOK_AGAIN_SECONDS)
                _start_over_if_truncated(file)
            shown.finish()
    except BrokenPipeError:
        raise  # about our reader, not the log
    except OSError as error:
        raise ProtocolError("storage/log", f"{path} cannot be read: {error.strerror}") from error


def _wait_for(path: str) -> None:
    while not os.path.exists(path):
        pause(_LOOK_AGAIN_SECONDS)


def _tail(file: io.BufferedReader, lines: int) -> bytes:
    """Return the newest lines, reading no more than the end of the file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    newest = file.read().splitlines(keepends=True)
    return b"".join(newest[-lines:] if lines else [])


def _start_over_if_truncated(file: io.BufferedReader) -> None:
    if os.fstat(file.fileno()).st_size < file.tell():
        file.seek(0)


class _Shown:
    """The log as standard output wants it, whatever the pieces it is read in are cut through."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._sanitizer = StreamSanitizer() if out_is_terminal() else None

    def print(self, content: bytes) -> None:
        """Write the next piece; what it leaves unfinished waits for the one behind it."""
        text = self._decoder.decode(content)
        write_out(self._sanitizer.feed(text) if self._sanitizer else text)

    def finish(self) -> None:
        """Write what still waits: nothing comes behind it."""
        write_out(self._sanitizer.finish() if self._sanitizer else self._decoder.decode(b"", final=True))
