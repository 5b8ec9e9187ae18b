"""A thousand connections watching 250 runs, on the same two cores as what makes the load.

Each run is written by an upstream at a steady pace and watched by four connections, with everything
persisted. Every token carries its number and the moment it was sent, so that loss, doubling and
delay are all seen at the far end; afterwards every reply must be on the disk, whole. In the same run, before
it, the limit program takes the same load: a relay that parses each upstream event and sends one frame to
each watcher, without persistence, protocol or access.

    python -m benchmarks.load_watch [--connections 1000] [--runs 250] [--rate 20] [--seconds 60]
"""

import argparse
import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from benchmarks.report import Goal, conclude, percentile
from benchmarks.terminals import cpu_seconds, memory_mib
from chatty.protocol.ids import new_id

TOKEN = re.compile(r"<(\d+)@(\d+)> ")
CONNECT_AT_ONCE = 50


class _Params(msgspec.Struct):
    m: str = ""
    o: int = -1
    d: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


class _Frame(msgspec.Struct):
    method: str = ""
    id: int | None = None
    params: _Params | None = None
    error: msgspec.Raw = msgspec.Raw(b"")


decode = msgspec.json.Decoder(_Frame).decode


@dataclass(slots=True)
class Tally:
    """What all watchers saw."""

    delays_ms: list[float] = field(default_factory=list)
    deliveries: int = 0
    tokens: int = 0
    lost: int = 0
    doubled: int = 0
    finished: int = 0
    errors: list[str] = field(default_factory=list)


class Watcher(asyncio.Protocol):
    """One connection, reduced to reading frames: the load must not be the bottleneck."""

    def __init__(self, tally: Tally, conversation_id: str, opening: Sequence[dict[str, Any]]) -> None:
        self.tally = tally
        self.conversation_id = conversation_id
        self.opening = opening
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._buffer = bytearray()
        self._upgraded = False
        self._next_token = 0
        self._length = 0
        self._answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(
            b"GET /ws HTTP/1.1\r\nHost: chatty.local\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            b"Sec-WebSocket-Protocol: chatty.v1.json\r\n\r\n"
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.tally.errors.append(f"lost: {exc}")
            self.done.set_result(None)
        if not self.ready.done():
            self.ready.set_result(None)

    def send(self, frame: dict[str, Any]) -> None:
        body = json.dumps(frame).encode()
        size = len(body)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + body)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._buffer[: end + 4]
            self._upgraded = True
            for frame in self.opening:
                self.send(frame)
        position, buffer = 0, self._buffer
        while len(buffer) - position >= 2:
            size, start = buffer[position + 1] & 0x7F, position + 2
            if size == 126:
                size, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            elif size == 127:
                size, start = int.from_bytes(buffer[start : start + 8], "big"), start + 8
            if len(buffer) < start + size:
                break
            if buffer[position] == 0x81:
                self._take(bytes(buffer[start : start + size]))
            elif buffer[position] == 0x89:
                self.transport.write(
                    b"\x8a\x80\0\0\0\0" if size == 0 else _pong(buffer[start : start + size])
                )
            position = start + size
        del buffer[:position]

    def _take(self, body: bytes) -> None:
        frame = decode(body)
        if frame.method == "delta" and frame.params is not None:
            self._take_delta(frame.params)
        elif frame.method == "event" and frame.params is not None:
            if frame.params.type == "run.finished" and not self.done.done():
                self.tally.finished += 1
                self.done.set_result(None)
        elif frame.id is not None:
            if frame.error:
                self.tally.errors.append(bytes(frame.error).decode())
            self._answers += 1
            if self._answers == len(self.opening) and not self.ready.done():
                self.ready.set_result(None)

    def _take_delta(self, delta: _Params) -> None:
        now = time.monotonic_ns()
        tally = self.tally
        tally.deliveries += 1
        if delta.o != self._length:
            tally.errors.append(f"offset {delta.o}, expected {self._length}")
        self._length = delta.o + len(delta.d)
        for number, sent_ns in TOKEN.findall(delta.d):
            expected, got = self._next_token, int(number)
            tally.tokens += 1
            tally.lost += max(got - expected, 0)
            tally.doubled += max(expected - got, 0)
            self._next_token = got + 1
            tally.delays_ms.append((now - int(sent_ns)) / 1e6)


def _pong(payload: bytes | bytearray) -> bytes:
    return b"\x8a" + bytes((0x80 | len(payload),)) + b"\0\0\0\0" + bytes(payload)


class Upstream:
    """An OpenAI-shaped upstream whose tokens say when they were sent."""

    def __init__(self, rate: float, tokens: int, begin: asyncio.Event) -> None:
        self._rate, self._tokens, self._begin = rate, tokens, begin
        self.open = 0

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(found.group(1)) if found else 0)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        self.open += 1
        await self._begin.wait()
        period = 1 / self._rate
        due = asyncio.get_running_loop().time() + period * (hash(writer) % 997) / 997
        for number in range(self._tokens):
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            due += period
            _chunk(
                writer,
                f'{{"choices":[{{"index":0,"delta":{{"content":"<{number}@{time.monotonic_ns()}> "}}}}]}}',
            )
        _chunk(writer, '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}')
        _chunk(writer, f'{{"choices":[],"usage":{{"prompt_tokens":5,"completion_tokens":{self._tokens}}}}}')
        _chunk(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()


def _chunk(writer: asyncio.StreamWriter, data: str) -> None:
    body = f"data: {data}\n\n".encode()
    writer.write(b"%x\r\n%b\r\n" % (len(body), body))


def _opening(conversation_id: str, port: int, *, sends: bool) -> list[dict[str, Any]]:
    credentials = {
        "providers": {"openai": {"api_key": "sk-load", "base_url": f"http://127.0.0.1:{port}/v1"}},
        "network": {},
    }
    initialize = {
        "protocol": {"min": 1, "max": 1},
        "client": {"name": "load", "version": "0"},
        "provider_credentials": credentials,
    }
    say = {
        "conversation": {"id": conversation_id, "create": {}},
        "id": new_id(),
        "parts": [{"type": "text", "text": "go"}],
        "run": {"id": new_id(), "reply_id": new_id(), "model": "openai/load"},
        "subscribe": True,
    }
    watch = {"conversation_id": conversation_id}
    request = ("message.send", say) if sends else ("conversation.subscribe", watch)
    return [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize},
        {"jsonrpc": "2.0", "id": 2, "method": request[0], "params": request[1]},
    ]


async def drive(socket_path: str, connections: int, runs: int, rate: float, seconds: float) -> Tally:
    """Open everything, let it run, and return what was seen."""
    tally, begin = Tally(), asyncio.Event()
    upstream = Upstream(rate, int(rate * seconds), begin)
    port = await upstream.start()
    conversations = [new_id() for _ in range(runs)]
    gate = asyncio.Semaphore(CONNECT_AT_ONCE)
    loop = asyncio.get_running_loop()

    async def join(conversation_id: str, *, sends: bool) -> Watcher:
        async with gate:
            opening = _opening(conversation_id, port, sends=sends)
            _, watcher = await loop.create_unix_connection(
                lambda: Watcher(tally, conversation_id, opening), socket_path
            )
            await watcher.ready
            return watcher

    watchers = await asyncio.gather(*(join(each, sends=True) for each in conversations))
    others = range(connections - runs)
    watchers += await asyncio.gather(*(join(conversations[n % runs], sends=False) for n in others))
    print(f"{len(watchers)} connections, {upstream.open} runs", file=sys.stderr)
    began = time.monotonic()
    begin.set()
    await asyncio.wait_for(asyncio.gather(*(watcher.done for watcher in watchers)), seconds * 3 + 60)
    print(f"took {time.monotonic() - began:.1f} s for {seconds:.0f} s of text", file=sys.stderr)
    for watcher in watchers:
        watcher.transport.close()
    upstream.close()
    return tally


def start_server(directory: str) -> tuple["subprocess.Popen[bytes]", str]:
    """Start a server of its own in a directory; return it and its socket when it serves."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "chatty.server"),
            *("--data-dir", f"{directory}/data", "--run-dir", f"{directory}/run"),
            *("--ready-fd", str(write_end), "--log-file", f"{directory}/server.log"),
        ],
        pass_fds=(write_end,),
    )
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        told = json.loads(pipe.readline())
    if not told.get("ready"):
        raise SystemExit(f"the server did not start: {told}")
    return process, f"{directory}/run/s.sock"


def start_relay(directory: str) -> tuple["subprocess.Popen[bytes]", str]:
    """Start the limit program; return it and its socket when it serves."""
    path = f"{directory}/relay.sock"
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.relay", path], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process, path


def measure(
    process: "subprocess.Popen[bytes]", socket_path: str, options: argparse.Namespace, seconds: float
) -> dict[str, Any]:
    """Put the load on one program; return what was seen, and what the program took for it."""
    import uvloop

    before = cpu_seconds(process.pid)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tally = runner.run(drive(socket_path, options.connections, options.runs, options.rate, seconds))
    used = cpu_seconds(process.pid) - before
    print(tally.errors[:5], file=sys.stderr)
    return {
        "seconds": seconds,
        "tokens_delivered": tally.tokens,
        "tokens_expected": int(options.rate * seconds) * options.connections,
        "frames": tally.deliveries,
        "lost": tally.lost,
        "doubled": tally.doubled,
        "finished": tally.finished,
        "errors": len(tally.errors),
        "p50_ms": round(percentile(tally.delays_ms, 0.50), 2),
        "p99_ms": round(percentile(tally.delays_ms, 0.99), 2),
        "max_ms": round(max(tally.delays_ms), 2),
        "cpu_share": round(used / seconds, 3),
        "peak_rss_mib": round(memory_mib(process.pid, "VmHWM"), 1),
    }


def kept_whole(directory: str, tokens: int) -> int:
    """Return how many replies are on the disk with every token of theirs, in order."""
    database = sqlite3.connect(f"file:{directory}/data/chatty.db?mode=ro", uri=True)
    rows = database.execute(
        "SELECT p.text FROM message_parts p JOIN messages m ON m.id = p.message_id"
        " WHERE m.role = 'assistant' AND m.status = 'completed'"
    )
    wanted = list(range(tokens))
    found = sum([int(number) for number, _ in TOKEN.findall(text)] == wanted for (text,) in rows)
    database.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=250)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--limit-seconds", type=float, default=20, help="for the limit program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatty-load-") as directory:
        relay, path = start_relay(directory)
        try:
            limit = measure(relay, path, options, options.limit_seconds)
        finally:
            relay.terminate()
            relay.wait(60)
        server, path = start_server(directory)
        try:
            seen = measure(server, path, options, options.seconds)
        finally:
            server.terminate()
            server.wait(60)
        kept = kept_whole(directory, int(options.rate * options.seconds))
    missing = seen["tokens_expected"] - seen["tokens_delivered"]
    figures = {
        **{name: getattr(options, name) for name in ("connections", "runs", "rate")},
        **seen,
        "replies_kept_whole": kept,
        "cpu_ratio_to_the_limit": round(seen["cpu_share"] / limit["cpu_share"], 2),
        "limit": limit,
    }
    print(json.dumps(figures, indent=2))
    goals = [
        Goal("tokens lost", max(seen["lost"], missing), at_most=0),
        Goal("tokens doubled", seen["doubled"], at_most=0),
        Goal("errors", seen["errors"], at_most=0),
        Goal("connections that saw the end", seen["finished"], at_least=options.connections),
        Goal("replies on the disk, whole", kept, at_least=options.runs),
        Goal("from the upstream to the watcher, p99, ms", seen["p99_ms"], at_most=150),
        Goal("memory of the server at its peak, MiB", seen["peak_rss_mib"], at_most=250),
    ]
    return conclude("load_watch", figures, goals)


if __name__ == "__main__":
    sys.exit(main())
