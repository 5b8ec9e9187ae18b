"""The wire under the server: uvicorn's protocol classes, with what a chat server needs added.

Peers of a unix socket are checked by the kernel's word; a WebSocket can be written to without
waiting, tells when its socket is full and when it drains, and can be dropped at once.
"""

import asyncio
import socket
import struct
import sys
from typing import Any, Final, Protocol, cast

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

WIRE: Final = "chatty.wire"
"""Under which name an ASGI scope's extensions hold the `Wire` of a WebSocket."""
DROP_PEER: Final = "chatty.drop_peer"
"""Under which name an HTTP request's extensions hold what drops its connection at once."""
CLOSE_SECONDS: Final = 10.0
"""How long the last bytes of a connection that was closed here may take to leave."""
HIGH_WATER_BYTES: Final = 128 << 10
"""Bytes in a socket's own buffer above which it counts as not writable."""


def peer_uid(connected: socket.socket) -> int | None:
    """Return the user id of the process at the other end of a unix socket, by the kernel's word.

    `None` for any other kind of socket. Linux: SO_PEERCRED, unix(7). macOS: LOCAL_PEERCRED.
    """
    if connected.family != socket.AF_UNIX:
        return None
    if sys.platform == "darwin":
        local_peercred, xucred = 0x001, struct.Struct("2I")
        raw = connected.getsockopt(0, local_peercred, 76)
        return int(xucred.unpack_from(raw)[1])
    ucred = struct.Struct("3i")
    raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, ucred.size)
    return int(ucred.unpack(raw)[1])


class ChannelListener(Protocol):
    """Who wants to know when a socket fills up and drains."""

    def on_blocked(self) -> None:
        """The socket stopped taking data."""

    def on_writable(self) -> None:
        """The socket takes data again."""


class HttpWire(H11Protocol):
    """HTTP/1.1 that lets in only peers of the allowed user on a unix socket.

    A peer of another user is dropped before a byte of it is read.
    """

    allowed_uid: int | None = None
    """Set on a subclass; `None` lets every user in (TCP listeners have their own checks)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Check the peer, then go on as usual."""
        connected = transport.get_extra_info("socket")
        uid = peer_uid(connected) if connected is not None else None
        if uid is not None and self.allowed_uid is not None and uid != self.allowed_uid:
            cast(asyncio.Transport, transport).abort()
            return
        super().connection_made(cast(asyncio.Transport, transport))

    def handle_events(self) -> None:
        """Let the application find what drops this connection in its scope, before it runs."""
        super().handle_events()
        if self.cycle is not None:
            scope = cast(dict[str, Any], self.cycle.scope)
            scope.setdefault("extensions", {})[DROP_PEER] = self.transport.abort


class Wire(WebSocketsSansIOProtocol):
    """One WebSocket of the server, written to without waiting.

    Server frames are not masked (RFC 6455 section 5.1), so a notification's frame is the same bytes
    for every peer that did not negotiate compression.
    """

    listener: ChannelListener | None = None
    _is_blocked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set where the socket's buffer counts as full."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    def handle_connect(self, event: Request) -> None:
        """Let the application find this object in its scope."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions = cast(dict[str, Any], self.scope["extensions"])
            extensions[WIRE] = self

    @property
    def is_unix_socket(self) -> bool:
        """Whether the peer's user was vouched for by the kernel."""
        connected = self.transport.get_extra_info("socket")
        return connected is not None and connected.family == socket.AF_UNIX

    @property
    def can_write(self) -> bool:
        """Whether the socket takes data now."""
        return not self._is_blocked and not self.disconnected

    def pause_writing(self) -> None:
        """The socket is full."""
        super().pause_writing()
        self._is_blocked = True
        if self.listener is not None:
            self.listener.on_blocked()

    def resume_writing(self) -> None:
        """The socket has drained."""
        super().resume_writing()
        self._is_blocked = False
        if self.listener is not None:
            self.listener.on_writable()

    def write(self, body: bytes) -> None:
        """Send one text frame; after the end of the connection this does nothing."""
        if self.disconnected or self.close_sent or not self.handshake_complete:
            return
        if self.conn.extensions:
            self.conn.send_text(body)
            self.transport.write(b"".join(self.conn.data_to_send()))
        else:
            self.transport.write(_text_frame(body))

    def close(self, code: int, reason: str) -> None:
        """Start the closing handshake."""
        if self.disconnected or self.close_sent:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.transport.abort)

    def abort(self) -> None:
        """Drop the connection without waiting for the peer."""
        self.transport.abort()


def _text_frame(body: bytes) -> bytes:
    """Return an unmasked final text frame (RFC 6455 section 5.2)."""
    size = len(body)
    if size < 126:
        return b"\x81" + bytes((size,)) + body
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + body
    return b"\x81\x7f" + size.to_bytes(8, "big") + body
