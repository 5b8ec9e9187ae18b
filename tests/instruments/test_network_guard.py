import asyncio
import socket
from pathlib import Path

import pytest

from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.network_guard import NetworkForbidden


def test_addresses_beyond_the_loopback_are_refused() -> None:
    with socket.socket() as outside, pytest.raises(NetworkForbidden):
        outside.connect(("192.0.2.1", 443))


async def test_asyncio_is_covered() -> None:
    with pytest.raises(NetworkForbidden):
        await asyncio.open_connection("192.0.2.1", 443)


async def test_names_are_not_looked_up() -> None:
    with pytest.raises(NetworkForbidden):
        await asyncio.open_connection("api.openai.com", 443)


async def test_the_loopback_can_be_reached() -> None:
    async with FakeUpstream() as upstream:
        host, port = upstream.url.removeprefix("http://").removesuffix("/v1").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        await writer.wait_closed()


def test_unix_sockets_can_be_reached(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
        assert client.getpeername() == path
