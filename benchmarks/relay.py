"""The limit of `benchmarks.load_watch`: a relay that does only what nobody can leave out.

It parses each event of an upstream and sends one frame to each watcher. Nothing is kept, checked or paced;
nobody waits for a watcher that is slow. It understands the few frames that the load sends.

    python -m benchmarks.relay SOCKET
"""

import asyncio
import json
import sys
from collections import defaultdict
from typing import Any, cast

import msgspec
import uvloop


class _Choice(msgspec.Struct):
    delta: dict[str, str] = {}


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []


_decode = msgspec.json.Decoder(_Chunk).decode
_encode = msgspec.json.Encoder().encode


def frame(value: object) -> bytes:
    """Return one unmasked text frame."""
    body = _encode(value)
    size = len(body)
    head = bytes((0x81, size)) if size < 126 else b"\x81\x7e" + size.to_bytes(2, "big")
    return head + body


class Peer(asyncio.Protocol):
    """One connection of the load."""

    def __init__(self, watchers: dict[str, list["Peer"]]) -> None:
        self._watchers = watchers
        self._buffer = bytearray()
        self._is_upgraded = False
        self._port = 0
        self._relaying: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._buffer[: end + 4]
            self._is_upgraded = True
            self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        while len(self._buffer) >= 2:
            size, start = self._buffer[1] & 0x7F, 2
            if size == 126:
                size, start = int.from_bytes(self._buffer[2:4], "big"), 4
            start += 4  # the load masks with zeros
            if len(self._buffer) < start + size:
                return
            self._take(json.loads(self._buffer[start : start + size]))
            del self._buffer[: start + size]

    def _take(self, request: dict[str, Any]) -> None:
        params = request["params"]
        match request["method"]:
            case "initialize":
                address = params["provider_credentials"]["providers"]["openai"]["base_url"]
                self._port = int(address.rsplit(":", 1)[1].split("/")[0])
            case "message.send":
                conversation_id = params["conversation"]["id"]
                self._watchers[conversation_id].append(self)
                work = relay(self._port, self._watchers[conversation_id])
                self._relaying = asyncio.get_running_loop().create_task(work)
            case "conversation.subscribe":
                self._watchers[params["conversation_id"]].append(self)
        self.transport.write(frame({"jsonrpc": "2.0", "id": request["id"], "result": {}}))


async def relay(port: int, watchers: list[Peer]) -> None:
    """Ask the upstream and pass its text on, event by event."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
    await reader.readuntil(b"\r\n\r\n")
    offset = 0
    while line := await reader.readline():
        if not line.startswith(b"data: {"):
            continue
        for choice in _decode(line[6:]).choices:
            if text := choice.delta.get("content"):
                delta = frame(
                    {"jsonrpc": "2.0", "method": "delta", "params": {"m": "x", "o": offset, "d": text}}
                )
                offset += len(text)
                for watcher in watchers:
                    watcher.transport.write(delta)
    ended = frame({"jsonrpc": "2.0", "method": "event", "params": {"type": "run.finished", "data": {}}})
    for watcher in watchers:
        watcher.transport.write(ended)
    writer.close()


async def serve(path: str) -> None:
    watchers: dict[str, list[Peer]] = defaultdict(list)
    server = await asyncio.get_running_loop().create_unix_server(lambda: Peer(watchers), path, backlog=4096)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
