"""WebSocket clients of a real server process, and how they speak."""

import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed

from tests.instruments.server_process import ServerProcess
from tests.server.joined import INITIALIZE, Frame


def opened(process: ServerProcess) -> connect:
    """Open a WebSocket; use it as an async context manager."""
    return unix_connect(
        str(process.socket_path),
        uri="ws://chatty.local/ws",
        subprotocols=["chatty.v1.json"],
        compression=None,
        close_timeout=0.2,
    )


async def hello(link: ClientConnection, **more: Any) -> Frame:
    """Initialize a connection; return the server's answer."""
    return await ask(link, "initialize", {**INITIALIZE, **more})


async def ask(link: ClientConnection, method: str, params: Frame) -> Frame:
    """Send a request on a connection where nothing else is under way; return its result."""
    await link.send(json.dumps({"jsonrpc": "2.0", "id": method, "method": method, "params": params}))
    while (frame := json.loads(await link.recv())).get("id") != method:
        pass
    result: Frame = frame["result"]
    return result


async def read_to_the_end(link: ClientConnection) -> tuple[list[Frame], int | None]:
    """Read until the server closes; return the frames and its close code."""
    found: list[Frame] = []
    try:
        while True:
            found.append(json.loads(await link.recv()))
    except ConnectionClosed as closed:
        return found, closed.rcvd.code if closed.rcvd else None
