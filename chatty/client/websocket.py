"""A link over a WebSocket (RFC 6455). The only module that knows the websockets library.

Importing it costs about 60 ms: programs import it when they connect, not when they start.
"""

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from chatty.client.deadline import Deadline
from chatty.client.errors import link_error, said_nothing
from chatty.client.link import LinkClosed
from chatty.client.skew import which_side_to_update
from chatty.protocol.versions import SUBPROTOCOLS

if TYPE_CHECKING:
    from chatty.client.target import Target

_MAX_FRAME_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How a dead peer is noticed that never said goodbye: at most the sum of the two after its end."""

    interval_seconds: float = 15.0
    timeout_seconds: float = 20.0


STANDARD_HEARTBEAT = Heartbeat()


@dataclass(frozen=True, slots=True)
class WebSocketDial:
    """Opens links to one target; an instance is a ``chatty.client.link.Dial``."""

    target: "Target"
    heartbeat: Heartbeat = STANDARD_HEARTBEAT
    open_seconds: float = 10.0
    """How long opening may take, starting the local server not counted."""

    async def __call__(self) -> "WebSocketLink":
        """Connect and shake hands.

        Raises:
            ProtocolError: ``connection/…``, ``storage/…``, ``protocol_unsupported``, ``timeout``.
        """
        connected = await _opened(self.target)
        try:
            connected.setblocking(False)
            connection = await unix_connect(
                None,
                "ws://chatty.local/ws",
                sock=connected,
                subprotocols=[Subprotocol(name) for name in SUBPROTOCOLS],
                compression=None,
                user_agent_header=None,
                open_timeout=self.open_seconds,
                ping_interval=self.heartbeat.interval_seconds,
                ping_timeout=self.heartbeat.timeout_seconds,
                close_timeout=2.0,
                max_size=_MAX_FRAME_BYTES,
            )
        except BaseException as error:
            connected.close()
            if isinstance(error, (OSError, InvalidHandshake, InvalidMessage, EOFError)):
                raise _handshake_error(error, self.open_seconds) from error
            raise
        return WebSocketLink(connection)


class WebSocketLink:
    """An open WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, frame: bytes) -> None:
        """Send one text frame."""
        try:
            await self._connection.send(frame, text=True)
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def receive(self) -> bytes:
        """Return the next frame, text or binary, as bytes."""
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def close(self) -> None:
        """Say goodbye and close; a peer that does not answer is left after two seconds."""
        await self._connection.close()


async def _opened(target: "Target") -> socket.socket:
    """Open the target's socket in a thread. A thread cannot be cancelled: what it opens late is closed."""
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(None, target.open, Deadline(None))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_late)
        raise


def _close_late(opening: asyncio.Future[socket.socket]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _closed(closed: ConnectionClosed) -> LinkClosed:
    if closed.rcvd is not None:
        return LinkClosed(closed.rcvd.code, closed.rcvd.reason)
    return LinkClosed()


def _handshake_error(error: BaseException, open_seconds: float) -> Exception:
    if isinstance(error, TimeoutError):
        return said_nothing(open_seconds)
    if isinstance(error, InvalidStatus) and error.response.status_code == 426:
        return link_error("protocol_unsupported", which_side_to_update(None))
    if isinstance(error, InvalidStatus) and error.response.status_code in (401, 403):
        return link_error("forbidden", "The server refused the connection.")
    if isinstance(error, OSError | EOFError) or isinstance(error.__cause__, OSError | EOFError):
        return link_error("connection/lost", "The connection broke while it was being opened.")
    return link_error("connection/protocol", f"The server did not open a connection: {error}.")
