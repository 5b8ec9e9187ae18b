"""HTTP/1.1 as bytes, the client's half: a request out, a response head and its body in.

Pure: no sockets. It knows what vendors' APIs and the proxies before them send (RFC 9112), refuses the rest
with `BadResponse`, and bounds all it keeps. No trailers, no upgrades, no compression.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

MAX_HEAD_BYTES: Final = 64 << 10
_MAX_CHUNK_LINE_BYTES: Final = 1 << 10
_MAX_TRAILER_BYTES: Final = 16 << 10

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?")
_HEADER_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*")
_CHUNK_LINE = re.compile(rb"([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]*)?")
_LENGTH = re.compile(rb"\d{1,15}")


class BadResponse(ValueError):
    """What came is not an HTTP/1.1 response, or not the one its head promised."""


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """Status and headers of a response."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    """In the order and spelling in which they came."""

    def get(self, name: bytes) -> bytes | None:
        """Return the first value of a header; `name` in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


def request_bytes(method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    """Return a whole request. Header values come from a client library that has checked them."""
    lines = b"".join(b"%b: %b\r\n" % header for header in headers)
    return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method, target, lines, body)


def parse_head(data: bytes) -> ResponseHead:
    """Read a response head, the empty line at its end included."""
    first, *lines = data.removesuffix(b"\r\n\r\n").split(b"\r\n")
    status = _STATUS_LINE.fullmatch(first)
    if status is None:
        raise BadResponse("the answer is not HTTP/1.1")
    headers = []
    for line in lines:
        header = _HEADER_LINE.fullmatch(line)
        if header is None:
            raise BadResponse("a header line cannot be read")
        headers.append((header[1], header[2]))
    return ResponseHead(int(status[1]), tuple(headers))


class BodyDecoder(Protocol):
    """Takes what comes after the head; knows where the body ends."""

    is_complete: bool
    keeps_connection: bool
    """Once complete, the connection can carry another request."""

    def feed(self, data: bytes) -> bytes:
        """Return the body bytes in these. Raises `BadResponse`."""

    def end(self) -> None:
        """The peer closed. Raises `BadResponse` unless the body may end here."""


def decoder_for(head: ResponseHead) -> BodyDecoder:
    """Return the decoder that the head asks for (RFC 9112 section 6.3)."""
    keeps_connection = b"close" not in (head.get(b"connection") or b"").lower()
    coding = head.get(b"transfer-encoding")
    if coding is not None:
        if coding.lower() != b"chunked":
            raise BadResponse("the body has a transfer coding other than chunked")
        return ChunkedBody(keeps_connection)
    length = head.get(b"content-length")
    if length is not None:
        if not _LENGTH.fullmatch(length):
            raise BadResponse("the content length is not a number")
        return SizedBody(int(length), keeps_connection)
    if head.status == 204:
        return SizedBody(0, keeps_connection)
    return UntilCloseBody()


class SizedBody:
    """A body of known length."""

    def __init__(self, length: int, keeps_connection: bool) -> None:
        self._left = length
        self.is_complete = length == 0
        self.keeps_connection = keeps_connection

    def feed(self, data: bytes) -> bytes:
        """Return as much of the data as belongs to the body."""
        if len(data) > self._left:
            self.keeps_connection = False  # bytes that nobody asked for: do not trust what follows
            data = data[: self._left]
        self._left -= len(data)
        self.is_complete = self._left == 0
        return data

    def end(self) -> None:
        """Raise unless all bytes were there."""
        if not self.is_complete:
            raise BadResponse("the connection closed before the end of the body")


class UntilCloseBody:
    """A body that ends with the connection."""

    is_complete = False
    keeps_connection = False

    def feed(self, data: bytes) -> bytes:
        """Return the data."""
        return data

    def end(self) -> None:
        """Take the close as the end."""
        self.is_complete = True


class ChunkedBody:
    """A chunked body (RFC 9112 section 7.1); fed with pieces split anywhere."""

    def __init__(self, keeps_connection: bool) -> None:
        self._rest = b""
        self._left = 0
        self._in_trailers = False
        self.is_complete = False
        self.keeps_connection = keeps_connection

    def feed(self, data: bytes) -> bytes:
        """Return the chunks' content in the data."""
        pieces: list[bytes] = []
        if self._rest:
            data = self._rest + data
            self._rest = b""
        position = 0
        while position < len(data) and not self.is_complete:
            if self._left > 2:
                piece = data[position : position + self._left - 2]
                position += len(piece)
                self._left -= len(piece)
                pieces.append(piece)
            elif self._left:
                position = self._skip_chunk_end(data, position)
            else:
                position = self._read_line(data, position)
        if self.is_complete and position < len(data):
            self.keeps_connection = False
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def end(self) -> None:
        """Raise unless the last chunk was there."""
        if not self.is_complete:
            raise BadResponse("the connection closed before the end of the body")

    def _skip_chunk_end(self, data: bytes, position: int) -> int:
        # `_left` counts the CRLF after the chunk, so 2 and 1 are what is missing of it.
        expected = b"\r\n"[2 - self._left :]
        found = data[position : position + self._left]
        if not expected.startswith(found):
            raise BadResponse("a chunk does not end where it says")
        self._left -= len(found)
        return position + len(found)

    def _read_line(self, data: bytes, position: int) -> int:
        end = data.find(b"\r\n", position)
        if end < 0:
            limit = _MAX_TRAILER_BYTES if self._in_trailers else _MAX_CHUNK_LINE_BYTES
            if len(data) - position > limit:
                raise BadResponse("a chunk's size line is too long")
            self._rest = data[position:]
            return len(data)
        line = data[position:end]
        if self._in_trailers:
            self.is_complete = not line
        else:
            self._start_chunk(line)
        return end + 2

    def _start_chunk(self, line: bytes) -> None:
        size = _CHUNK_LINE.fullmatch(line)
        if size is None:
            raise BadResponse("a chunk's size cannot be read")
        length = int(size[1], 16)
        self._left = length + 2 if length else 0
        self._in_trailers = not length
