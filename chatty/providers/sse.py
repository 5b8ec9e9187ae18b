"""Server-sent events out of bytes, as they come.

Pure and bounded: bytes in, the `data` of whole events out. It follows the event stream format of the HTML
standard (section 9.2.6): LF, CR and CRLF line ends, a leading byte order mark, comments, several data lines.
It looks at `data` only, and at llama.cpp's `error`; it does not decode text or JSON.
"""

from typing import Final

MAX_EVENT_BYTES: Final = 8 << 20
"""An event that is longer ends the stream: no vendor sends one, and memory has to end somewhere."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class EventTooLong(ValueError):
    """An event, or a line of one, went over the limit before it ended."""


class EventParser:
    """Cuts one stream into events; fed with reads of any size, split anywhere.

    The work is linear in the bytes: an unfinished event is kept as the pieces it came in.
    """

    __slots__ = ("_after_cr", "_at_start", "_max_event_bytes", "_pending", "_pending_bytes")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._after_cr = False
        self._at_start = True

    def feed(self, data: bytes) -> list[bytes]:
        """Return the data of every event that these bytes completed, in order.

        Raises `EventTooLong`; the parser is of no use afterwards.
        """
        if self._after_cr or b"\r" in data:
            data = self._with_plain_line_ends(data)
        if self._at_start:
            data = self._without_byte_order_mark(data)
        if self._pending:
            whole = self._joined_if_ended(data)
            if whole is None:
                return []
            data = whole
        blocks = data.split(b"\n\n")
        rest = blocks.pop()
        if rest:
            self._keep(rest)
        return [event for event in map(_data_of, blocks) if event]

    def finish(self) -> list[bytes]:
        """Return the event that the end of the stream left without its blank line, if there is one.

        The standard drops it. Vendors exist that forget the last newline, so it is handed over, whole or
        not: the reader of the data can tell.
        """
        rest = b"".join(self._pending)
        self._pending.clear()
        return [event] if (event := _data_of(rest)) else []

    def _with_plain_line_ends(self, data: bytes) -> bytes:
        if self._after_cr and data[:1] == b"\n":
            data = data[1:]
            self._after_cr = False
        if data:
            self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _without_byte_order_mark(self, data: bytes) -> bytes:
        start = b"".join((*self._pending, data[:3]))
        if len(start) < 3 and _BYTE_ORDER_MARK.startswith(start):
            return data  # too little to tell; these bytes become pending and are looked at again
        self._at_start = False
        if not start.startswith(_BYTE_ORDER_MARK):
            return data
        whole = b"".join((*self._pending, data))
        self._pending.clear()
        self._pending_bytes = 0
        return whole[3:]

    def _joined_if_ended(self, data: bytes) -> bytes | None:
        """Return everything pending and this, when an event ends in it; otherwise keep it and return None."""
        ends_here = b"\n\n" in data or (data[:1] == b"\n" and self._pending[-1].endswith(b"\n"))
        if not ends_here:
            self._keep(data)
            return None
        whole = b"".join((*self._pending, data))
        self._pending.clear()
        self._pending_bytes = 0
        return whole

    def _keep(self, data: bytes) -> None:
        self._pending_bytes += len(data)
        if self._pending_bytes > self._max_event_bytes:
            raise EventTooLong(f"an event of more than {self._max_event_bytes} bytes")
        if data:
            self._pending.append(data)


def _data_of(block: bytes) -> bytes:
    """Return the data lines of one event, joined by line feeds; empty when it has none.

    llama.cpp names a failure by its field: `error: {…}` stands for `data: {"error": {…}}`.
    """
    if block.startswith(b"data: ") and b"\n" not in block:
        return block[6:]
    lines = []
    for line in block.split(b"\n"):
        name, _, value = line.partition(b":")
        if name == b"data":
            lines.append(value.removeprefix(b" "))
        elif name == b"error":
            lines.append(b'{"error":' + value + b"}")
    return b"\n".join(lines)
