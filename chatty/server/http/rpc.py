"""The one-request POST: the client's frames as lines in, the server's frames as lines out.

What a one-shot command uses: `initialize` and one request in the body; the answer streams until that
request's run has ended. The connection behind it is the same as a WebSocket's.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.types import Receive, Scope, Send

from chatty.protocol.errors import ProtocolError, family_of
from chatty.server.connection import Connection, encode
from chatty.server.dispatch import Dispatcher
from chatty.server.live.hub import PublishedEvent
from chatty.server.services import Services
from chatty.server.transport import DROP_PEER, HIGH_WATER_BYTES, ChannelListener

MAX_LINES: Final = 2
"""`initialize`, then the request."""


class LineChannel:
    """Frames as lines of an HTTP body. Writing gathers; one task sends what has gathered.

    Args:
        drop_peer: ends the connection underneath at once; whoever waits for its socket then goes on.
    """

    listener: ChannelListener | None = None

    def __init__(self, drop_peer: Callable[[], None]) -> None:
        self._drop_peer = drop_peer
        self._lines: list[bytes] = []
        self._size = 0
        self._has_lines = asyncio.Event()
        self.is_ended = False

    @property
    def can_write(self) -> bool:
        """Whether little enough waits for the peer."""
        return self._size < HIGH_WATER_BYTES and not self.is_ended

    def write(self, body: bytes) -> None:
        """Add one line."""
        if self.is_ended:
            return
        self._lines += (body, b"\n")
        self._size += len(body) + 1
        self._has_lines.set()
        if not self.can_write and self.listener is not None:
            self.listener.on_blocked()

    def close(self, code: int, reason: str) -> None:
        """End the body after what was written."""
        self.is_ended = True
        self._has_lines.set()

    def abort(self) -> None:
        """Drop the peer without waiting for it."""
        self.forget()
        self._drop_peer()

    def forget(self) -> None:
        """End the body at once: nobody is there to read what waits."""
        self._lines.clear()
        self.close(0, "")

    async def next(self) -> bytes:
        """Wait for lines and return what has gathered; empty only at the end."""
        await self._has_lines.wait()
        body = b"".join(self._lines)
        self._lines.clear()
        self._size = 0
        if not self.is_ended:
            self._has_lines.clear()
            if self.listener is not None:
                self.listener.on_writable()
        return body


class OneShotConnection(Connection):
    """A connection that ends itself: after its request, or after the run that the request began."""

    def __init__(self, channel: LineChannel, services: Services) -> None:
        super().__init__(channel, services.hub, services.limits, is_trusted_socket=True, is_one_shot=True)
        channel.listener = self.outbound
        self.outbound.on_event = self._on_event
        self._frames_left = MAX_LINES
        self._awaited: str | None = None
        self._ended_runs: set[str] = set()

    def dealt_with(self, awaits_run: str | None = None) -> None:
        """End after the last frame, unless a run follows that has not ended by now."""
        self._frames_left -= 1
        self._awaited = awaits_run or self._awaited
        self._close_if_done()

    def _on_event(self, event: PublishedEvent) -> None:
        if event.finishes_run is not None:
            self._ended_runs.add(event.finishes_run)
            self._close_if_done()

    def _close_if_done(self) -> None:
        if self._frames_left == 0 and (self._awaited is None or self._awaited in self._ended_runs):
            self.close()


class RpcEndpoint:
    """One per application; every request is served by one call."""

    def __init__(self, services: Services, dispatcher: Dispatcher) -> None:
        self._services = services
        self._dispatcher = dispatcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request until its run has ended or the peer is gone."""
        try:
            self._refuse_if_crowded()
            frames = await self._frames(receive)
        except ProtocolError as error:
            await _refuse(send, error)
            return
        channel = LineChannel(scope["extensions"][DROP_PEER])
        connection = OneShotConnection(channel, self._services)
        self._services.connections.add(connection)
        try:
            for frame in frames:
                self._dispatcher.receive(connection, frame)
            await self._answer(connection, channel, receive, send)
        finally:
            self._services.connections.discard(connection)
            await connection.closed()

    def _refuse_if_crowded(self) -> None:
        """Refuse when as many connections as fit are open.

        Raises:
            ProtocolError: `overloaded`.
        """
        if len(self._services.connections) >= self._services.limits.max_connections:
            raise ProtocolError(
                "overloaded", "too many connections to the server are open; close some", retry_after_ms=1000
            )

    async def _frames(self, receive: Receive) -> list[bytes]:
        """Read the body's lines.

        Raises:
            ProtocolError: `too_large/frame`, or `invalid_request` for the wrong number of lines.
        """
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise ProtocolError("invalid_request", "the request ended early")
            body += message.get("body", b"")
            if len(body) > self._services.limits.max_rpc_bytes:
                raise ProtocolError("too_large/frame", "the request is too large")
            if not message.get("more_body", False):
                break
        lines = [bytes(line) for line in body.splitlines() if line.strip()]
        if len(lines) != MAX_LINES:
            raise ProtocolError(
                "invalid_request", f"a body has {MAX_LINES} lines: initialize and a request; got {len(lines)}"
            )
        return lines

    async def _answer(
        self, connection: Connection, channel: LineChannel, receive: Receive, send: Send
    ) -> None:
        headers = [(b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(_until_gone(receive))
        gone.add_done_callback(lambda _: channel.forget())
        try:
            while True:
                body = await channel.next()
                ended = channel.is_ended
                await send({"type": "http.response.body", "body": body, "more_body": not ended})
                if ended:
                    return
        finally:
            gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, error: ProtocolError) -> None:
    status = family_of(error.type).http_status
    body = encode({"jsonrpc": "2.0", "id": None, "error": error.to_wire()}) + b"\n"
    headers = [(b"content-type", b"application/x-ndjson"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
