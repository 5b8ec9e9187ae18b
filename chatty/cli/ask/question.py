"""What is sent: the words of the command line, standard input, and text files, as parts.

It reads; it neither connects nor prints, but for one note when standard input stays silent.
"""

import os
import select
from typing import Any

from chatty.cli.ask.options import AskOptions
from chatty.cli.errors import usage_error
from chatty.cli.output.streams import write_note
from chatty.client.deadline import Deadline
from chatty.protocol.errors import ProtocolError
from chatty.protocol.limits import DEFAULT_LIMITS

STDIN = 0
STDIN_NAME = "stdin"
FROM_STDIN = "-"
SILENCE_SECONDS = 2.0
"""How long standard input may say nothing before a note asks whether that is meant."""
_READ_BYTES = 65536
_MAX_NAME = 1000

TextPart = dict[str, Any]
"""``{"type": "text", "text", "name"?}``"""


def parts(options: AskOptions, deadline: Deadline) -> list[TextPart]:
    """Return the parts of the message: the question first, what it is about behind it.

    Raises:
        ProtocolError: ``invalid_params/usage``: nothing to ask, a file that is missing or no text,
            more than the protocol takes; ``timeout`` while standard input stays open.
    """
    question = _argument(" ".join(options.words))
    piped = _piped(options, deadline)
    files = [_file(path, piped) for path in options.files]
    found: list[TextPart] = []
    if question.strip():
        found.append({"type": "text", "text": question})
    if piped and FROM_STDIN not in options.files:
        # Alone, standard input is the question itself.
        found.append({"type": "text", "text": piped} | ({"name": STDIN_NAME} if found else {}))
    found += files
    if not found:
        raise usage_error('there is nothing to ask; for example: chatty ask "why is the sky blue?"')
    _check_size(found)
    return found


def _argument(text: str) -> str:
    """Replace bytes that are not UTF-8: they arrive as lone surrogates, which the wire has no room for."""
    return os.fsencode(text).decode("utf-8", "replace")


def _shown(name: str) -> str:
    """Return a file's name as it may stand in front of our own words."""
    from chatty.rendering.sanitizer import sanitize

    return sanitize(name, multiline=False)


def _piped(options: AskOptions, deadline: Deadline) -> str | None:
    wanted = FROM_STDIN in options.files
    if not wanted and (not options.reads_stdin or os.isatty(STDIN)):
        return None
    return _decoded(_standard_input(deadline), "standard input")


def _standard_input(deadline: Deadline) -> bytes:
    """Read to the end. After a silence one note says what is being waited for."""
    read = bytearray()
    has_said = False
    while True:
        try:
            if not _has_data(deadline, SILENCE_SECONDS if not has_said else None):
                has_said = has_said or _say_what_is_awaited()
                continue
            chunk = os.read(STDIN, _READ_BYTES)
        except BlockingIOError:
            continue
        except OSError as error:
            raise usage_error(f"standard input cannot be read: {error.strerror}") from error
        if not chunk:
            return bytes(read)
        read += chunk
        if len(read) > DEFAULT_LIMITS.max_text_bytes:
            raise _too_large("standard input")


def _has_data(deadline: Deadline, patience_seconds: float | None) -> bool:
    """Wait for data or the end of it, no longer than the patience and the deadline allow."""
    left = deadline.remaining("reading standard input")
    waits = [seconds for seconds in (left, patience_seconds) if seconds is not None]
    return bool(select.select([STDIN], [], [], min(waits, default=None))[0])


def _say_what_is_awaited() -> bool:
    write_note("chatty: waiting for standard input to end; ctrl+c gives up, --no-stdin skips it")
    return True


def _file(path: str, piped: str | None) -> TextPart:
    if path == FROM_STDIN:
        return {"type": "text", "text": piped or "", "name": STDIN_NAME}
    name = _argument(path)
    shown = _shown(name)
    try:
        with open(path, "rb") as file:
            content = file.read(DEFAULT_LIMITS.max_text_bytes + 1)
    except OSError as error:
        raise usage_error(f"{shown} cannot be read: {error.strerror}; nothing was sent") from error
    if len(content) > DEFAULT_LIMITS.max_text_bytes:
        raise _too_large(shown)
    return {"type": "text", "text": _decoded(content, shown), "name": name[-_MAX_NAME:]}


def _decoded(content: bytes, name: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise usage_error(f"{name} is not text in UTF-8, and only text can be sent; nothing was sent")
    return text


def _check_size(found: list[TextPart]) -> None:
    if len(found) > DEFAULT_LIMITS.max_parts:
        raise usage_error(f"one message takes {DEFAULT_LIMITS.max_parts} parts, this is {len(found)}")
    size = sum(len(part["text"].encode("utf-8")) for part in found)
    if size > DEFAULT_LIMITS.max_text_bytes:
        raise _too_large("the message")


def _too_large(what: str) -> ProtocolError:
    mebibytes = DEFAULT_LIMITS.max_text_bytes >> 20
    return usage_error(f"{what} is larger than {mebibytes} MiB, the most one message takes; nothing was sent")
