"""One POST over a connected socket, answered by a body of lines that are read as they come.

A small part of HTTP/1.1 (RFC 9112), enough for ``/rpc``: a sized or chunked answer, no keep-alive.
The standard library's HTTP client costs 23 ms to import, more than the rest of a warm command.
It knows neither JSON nor the protocol; the caller gives bytes and gets lines.
"""

from __future__ import annotations

import errno
import select
from contextlib import nullcontext

from chatty.client.errors import link_error, timed_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from chatty.client.deadline import Deadline

_RECEIVE_BYTES = 65536
_MAX_HEAD_BYTES = 65536
_MAX_POLL_MS = 2**31 - 1


class LineExchange:
    """A request that was sent, and the lines of its answer.

    Args:
        connected: closed by ``close()``, not at the end of the answer.
        body: lines, each ended by a newline.

    Attributes:
        deadline: bounds every wait; may be replaced between reads.
        waiting: makes the block in which a read waits for the server. Nothing that has arrived is in
            hand there: a signal handler that raises inside such blocks only loses nothing, and the
            read may be repeated. One that raises elsewhere in a read may lose what was just received.
        written_to: the pipe that they are passed on to, if waiting for them is over when its reader
            leaves.
    """

    def __init__(self, connected: socket.socket, path: str, body: bytes, deadline: Deadline) -> None:
        self.deadline = deadline
        self.waiting: Callable[[], AbstractContextManager[object]] = nullcontext
        self.written_to: int | None = None
        self.status = 0
        self._socket = connected
        self._raw = bytearray()
        self._body = bytearray()
        self._scanned = 0
        self._framing: _Framing | None = None
        self._send(path, body)

    def next_line(self) -> bytes | None:
        """Return the next line without its newline, or ``None`` at the end of the answer.

        Raises:
            ProtocolError: ``timeout``; ``connection/lost``, when the answer breaks off;
                ``connection/protocol``, when it is not HTTP.
            BrokenPipeError: the reader of ``written_to`` has left.
        """
        while True:
            end = self._body.find(b"\n", self._scanned)
            if end >= 0:
                line = bytes(self._body[:end])
                del self._body[: end + 1]
                self._scanned = 0
                return line
            self._scanned = len(self._body)
            if self._framing is not None and self._framing.is_complete:
                return self._last_line()
            self._receive()

    def close(self) -> None:
        """Close the socket. A run that was started goes on in the server."""
        self._socket.close()

    def _last_line(self) -> bytes | None:
        line = bytes(self._body)
        self._body.clear()
        self._scanned = 0
        return line or None

    def _send(self, path: str, body: bytes) -> None:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: chatty.local\r\nContent-Type: application/x-ndjson\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        try:
            self._socket.settimeout(self.deadline.remaining("sending a request"))
            self._socket.sendall(head.encode("ascii") + body)
        except TimeoutError as error:
            raise timed_out("sending a request") from error
        except (BrokenPipeError, ConnectionResetError):
            pass  # a server that refuses early has answered already: read what it says
        except OSError as error:
            raise _lost(error) from error

    def _receive(self) -> None:
        with self.waiting():
            self._wait_for_bytes()
        try:
            received = self._socket.recv(_RECEIVE_BYTES)
        except OSError as error:
            raise _lost(error) from error
        self._raw += received
        if self._framing is None:
            self._read_head()
        if self._framing is not None:
            self._framing.decode(self._raw, self._body)
        if not received and (self._framing is None or not self._framing.ends_by_closing()):
            raise _lost(None)

    def _wait_for_bytes(self) -> None:
        seconds = self.deadline.remaining("waiting for an answer")
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if self.written_to is not None:
            poll.register(self.written_to, 0)  # that the other end is gone is told unasked
        ready = poll.poll(None if seconds is None else min(seconds * 1000, _MAX_POLL_MS))
        if not ready:
            raise timed_out("waiting for an answer")
        if all(descriptor == self.written_to for descriptor, _ in ready):
            raise BrokenPipeError(errno.EPIPE, "nobody reads")

    def _read_head(self) -> None:
        end = self._raw.find(b"\r\n\r\n")
        if end < 0:
            if len(self._raw) > _MAX_HEAD_BYTES:
                raise _not_http()
            return
        status_line, *fields = bytes(self._raw[:end]).decode("latin-1").split("\r\n")
        del self._raw[: end + 4]
        self.status = _status(status_line)
        self._framing = _framing(fields)


class _Framing:
    """Where the body ends: after a size, after the last chunk, or when the connection closes."""

    def __init__(self, size: int | None, is_chunked: bool) -> None:
        self.is_complete = size == 0
        self._left = size or 0
        self._is_chunked = is_chunked
        self._is_sized = size is not None
        self._state = "size"

    def decode(self, raw: bytearray, body: bytearray) -> None:
        """Move what can be understood from ``raw`` to ``body``."""
        if self._is_chunked:
            while raw and not self.is_complete and self._chunk_step(raw, body):
                pass
        elif self._is_sized:
            self._take(raw, body)
            self.is_complete = self._left == 0
        else:
            body += raw
            raw.clear()

    def ends_by_closing(self) -> bool:
        """Take note that the connection closed; tell whether that is a proper end."""
        if not self._is_chunked and not self._is_sized:
            self.is_complete = True
        return self.is_complete

    def _chunk_step(self, raw: bytearray, body: bytearray) -> bool:
        """Consume one piece of the chunked coding (RFC 9112 section 7.1); false: more is needed."""
        if self._state == "data":
            self._take(raw, body)
            if self._left == 0:
                self._state = "end of data"
            return True
        end = raw.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(raw[:end])
        del raw[: end + 2]
        if self._state == "size":
            self._left = _chunk_size(line)
            self._state = "data" if self._left else "trailer"
        elif self._state == "end of data":
            self._state = "size"
        elif not line:
            self.is_complete = True
        return True

    def _take(self, raw: bytearray, body: bytearray) -> None:
        piece = raw[: self._left]
        del raw[: len(piece)]
        body += piece
        self._left -= len(piece)


def _framing(fields: list[str]) -> _Framing:
    is_chunked = False
    size: int | None = None
    for field in fields:
        name, _, value = field.partition(":")
        match name.strip().lower():
            case "transfer-encoding":
                is_chunked = value.strip().lower() == "chunked"
            case "content-length":
                size = int(value) if value.strip().isdigit() else None
    return _Framing(None if is_chunked else size, is_chunked)


def _status(line: str) -> int:
    version, _, rest = line.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or not code.isdigit():
        raise _not_http()
    return int(code)


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError as error:
        raise _not_http() from error


def _lost(error: OSError | None) -> Exception:
    reason = f" ({error.strerror})" if error is not None and error.strerror else ""
    return link_error(
        "connection/lost",
        f"The connection to the server broke before the answer was complete{reason}. "
        "What the server accepted is kept; look there before sending it again.",
    )


def _not_http() -> Exception:
    return link_error("connection/protocol", "What listens on the socket does not speak chatty's protocol.")
