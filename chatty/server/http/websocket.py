"""The WebSocket endpoint: accepts, reads frames for the dispatcher, and sees a connection to its end."""

import asyncio
from typing import Final, cast

from starlette.types import Receive, Scope, Send

from chatty.protocol.frames import CloseCode
from chatty.protocol.versions import SUBPROTOCOLS
from chatty.server.connection import Connection, State
from chatty.server.dispatch import Dispatcher
from chatty.server.services import Services
from chatty.server.transport import WIRE, Wire

INITIALIZE_SECONDS: Final = 10.0
"""How long a peer may take to say `initialize`."""


class WebSocketEndpoint:
    """One per application; every connection is served by one call."""

    def __init__(self, services: Services, dispatcher: Dispatcher) -> None:
        self._services = services
        self._dispatcher = dispatcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until its socket is gone."""
        await receive()  # websocket.connect
        subprotocol = next((name for name in reversed(SUBPROTOCOLS) if name in scope["subprotocols"]), None)
        if subprotocol is None:
            await _refuse_version(send)
            return
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        wire = cast(Wire, scope["extensions"][WIRE])
        if len(self._services.connections) >= self._services.limits.max_connections:
            wire.close(CloseCode.TOO_MANY_CONNECTIONS, "too many connections")
            return
        connection = Connection(
            wire, self._services.hub, self._services.limits, is_trusted_socket=wire.is_unix_socket
        )
        wire.listener = connection.outbound
        self._services.connections.add(connection)
        timer = asyncio.get_running_loop().call_later(INITIALIZE_SECONDS, _close_if_silent, connection)
        try:
            await self._read(connection, receive)
        finally:
            timer.cancel()
            wire.listener = None
            self._services.connections.discard(connection)
            await connection.closed()

    async def _read(self, connection: Connection, receive: Receive) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                connection.close(CloseCode.PROTOCOL, "frames are text")
                return
            self._dispatcher.receive(connection, text.encode())


def _close_if_silent(connection: Connection) -> None:
    if connection.state is State.OPENED:
        connection.close(CloseCode.INITIALIZE_TIMEOUT, "initialize did not come")


async def _refuse_version(send: Send) -> None:
    body = b"this server speaks " + ", ".join(SUBPROTOCOLS).encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "websocket.http.response.start", "status": 426, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
