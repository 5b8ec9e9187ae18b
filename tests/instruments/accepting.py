"""Accepting connections so that none is left behind: whoever was accepted is served, and at the end cut.

`asyncio.Server` closes its listener only. A connection that it accepted in its last moment, or whose
handler was cancelled before its first line, stays open until the collector finds it, in another test.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Serves one connection; it is cancelled when the time is over, and the connection closed behind it."""

BACKLOG = 4096
LIMIT_BYTES = 1 << 20


def listen_unix(path: str) -> socket.socket:
    """Listen on a unix socket."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(BACKLOG)
    return listener


def listen_tcp(port: int = 0) -> socket.socket:
    """Listen on a port of the loopback; 0: any free one."""
    return socket.create_server(("127.0.0.1", port), backlog=BACKLOG)


@contextlib.asynccontextmanager
async def accepting(
    listener: socket.socket, serve: Serve, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """Serve everybody who connects until the block ends; then close the listener and every connection."""
    loop = asyncio.get_running_loop()
    connections: set[asyncio.Task[None]] = set()

    def accept() -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                accepted, _ = listener.accept()
                task = loop.create_task(_serve(accepted, serve, tls))
                connections.add(task)
                task.add_done_callback(connections.discard)

    listener.setblocking(False)
    loop.add_reader(listener.fileno(), accept)
    try:
        yield
    finally:
        loop.remove_reader(listener.fileno())
        listener.close()
        await asyncio.sleep(0)  # a task that has not begun would be cancelled with its socket open
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _serve(accepted: socket.socket, serve: Serve, tls: ssl.SSLContext | None) -> None:
    with contextlib.closing(accepted), contextlib.suppress(ConnectionError, ssl.SSLError):
        accepted.setblocking(False)
        reader = asyncio.StreamReader(limit=LIMIT_BYTES)
        transport, protocol = await asyncio.get_running_loop().connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader), accepted, ssl=tls
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
        try:
            await serve(reader, writer)
        finally:
            await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Say everything that was written, unless that is cut short, and return when the socket is closed."""
    writer.close()
    try:
        await writer.wait_closed()
    finally:
        writer.transport.abort()
