"""The one-request POST: when its connection ends."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatty.protocol.ids import new_id
from chatty.server import outbound
from chatty.server.http.rpc import LineChannel, OneShotConnection
from chatty.server.live.hub import PublishedEvent
from chatty.server.local import web_server
from tests.instruments.waiting import until
from tests.server.joined import INITIALIZE, Frame, JoinedServer, sending

ENDED = PublishedEvent(1, b'{"method":"event"}', finishes_run="the-run")


def one_shot(server: JoinedServer) -> tuple[OneShotConnection, LineChannel]:
    channel = LineChannel(drop_peer=lambda: None)
    return OneShotConnection(channel, server.services), channel


@contextlib.asynccontextmanager
async def served(server: JoinedServer, path: Path) -> AsyncIterator[None]:
    """Serve on a unix socket."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    web = web_server(server.services)
    task = asyncio.create_task(web.serve(sockets=[listener]))
    await web.has_started.wait()
    try:
        yield
    finally:
        web.should_exit = True
        await task
        listener.close()


def post(method: str, params: Frame) -> bytes:
    """Return the bytes of a one-request POST."""
    requests = (("initialize", INITIALIZE), (method, params))
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": number, "method": name, "params": named})
        for number, (name, named) in enumerate(requests)
    ]
    body = "\n".join(lines).encode()
    return b"POST /rpc HTTP/1.1\r\nHost: chatty.local\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def test_peer_that_takes_nothing_is_dropped(
    server: JoinedServer, short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "STUCK_SECONDS", 0.05)
    loop = asyncio.get_running_loop()
    async with served(server, short_dir / "s"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.setblocking(False)
            await loop.sock_connect(peer, str(short_dir / "s"))
            params = sending(new_id(), "hello", subscribe=True)
            params["conversation"]["create"] = {"origin": "script"}
            await loop.sock_sendall(peer, post("message.send", params))
            reply = await server.provider.asked()
            for _ in range(32):
                reply.write("x" * (64 << 10))
            await until(lambda: not server.services.connections)
            received = 0
            with contextlib.suppress(ConnectionResetError):
                while data := await loop.sock_recv(peer, 1 << 20):
                    received += len(data)
            assert received < 32 * (64 << 10)
            reply.finish()
            await server.services.engine.settled(params["conversation"]["id"])


async def test_answer_reaches_its_peer_whole(server: JoinedServer, short_dir: Path) -> None:
    async with served(server, short_dir / "s"):
        reader, writer = await asyncio.open_unix_connection(str(short_dir / "s"))
        writer.write(post("server.status", {}))
        assert b'"pid"' in await reader.readuntil(b"\r\n0\r\n\r\n")
        writer.close()
        await writer.wait_closed()


async def test_run_of_a_message_larger_than_the_queue_is_followed_to_its_end(
    server: JoinedServer, short_dir: Path
) -> None:
    """The answer and the event both hold the text: the second waits for the first to be read."""
    async with served(server, short_dir / "s"):
        reader, writer = await asyncio.open_unix_connection(str(short_dir / "s"), limit=1 << 26)
        params = sending(new_id(), "x" * (outbound.MAX_QUEUED_BYTES + 1), subscribe=True)
        params["conversation"]["create"] = {"origin": "script"}
        writer.write(post("message.send", params))
        reply = await server.provider.asked()
        reply.write("the whole answer")
        reply.finish()
        async with asyncio.timeout(10):
            read = await reader.readuntil(b"\r\n0\r\n\r\n")
        assert b"the whole answer" in read
        assert b'"run.finished"' in read
        writer.close()
        await writer.wait_closed()


async def test_it_ends_after_both_frames(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    connection.dealt_with()
    assert not channel.is_ended
    connection.dealt_with()
    assert channel.is_ended


async def test_it_stays_for_the_run_it_began(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    connection.dealt_with()
    connection.dealt_with("the-run")
    connection.outbound.event("c", PublishedEvent(1, b"{}", finishes_run="another"))
    assert not channel.is_ended
    connection.outbound.event("c", ENDED)
    assert channel.is_ended
    assert (await channel.next()).splitlines() == [b"{}", ENDED.body]


async def test_run_that_ended_before_its_answer_keeps_nobody_waiting(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    connection.dealt_with()
    connection.outbound.event("c", ENDED)
    connection.dealt_with("the-run")
    assert channel.is_ended


async def test_nothing_is_written_after_the_end(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    connection.close()
    connection.outbound.send(b"late")
    assert await channel.next() == b""
    assert not channel.can_write


async def test_abort_throws_away_what_waits(server: JoinedServer) -> None:
    _, channel = one_shot(server)
    channel.write(b"unread")
    channel.abort()
    assert await channel.next() == b""


async def test_peer_that_reads_slowly_blocks_and_drains(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    big = b"x" * (200 << 10)
    connection.outbound.send(big)
    connection.outbound.send(b"after")
    assert not channel.can_write
    assert await channel.next() == big + b"\n"
    assert await channel.next() == b"after\n"
