"""The proxy breaks what it was told to break, and nothing else."""

import asyncio
import contextlib
import os
import random
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from tests.instruments.accepting import accepting, listen_tcp, listen_unix
from tests.instruments.fault_proxy import Bandwidth, Cut, Fault, FaultProxy, Latency, Plan, Slices, Stall

pytestmark = pytest.mark.timeout(20)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    listener = listen_tcp()
    async with accepting(listener, echo):
        yield listener.getsockname()[1]


async def through(faults: Sequence[Fault], data: bytes) -> bytes:
    """Send data through a proxy with these faults; return what came back before the end."""
    plan = Plan(seed=1, script=[faults])
    async with echoing() as port, FaultProxy.tcp(port=port, plan=plan) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(data)
        received = b""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(2):
                while len(received) < len(data) and (piece := await reader.read(65536)):
                    received += piece
        writer.transport.abort()
        return received


DATA = bytes(range(256)) * 8


@pytest.mark.parametrize(
    "faults", [[], [Slices(1)], [Latency(0.001, 0.001)], [Bandwidth(100_000)], [Slices(3), Latency(0.0)]]
)
async def test_slow_and_sliced_bytes_all_arrive(faults: list[Fault]) -> None:
    assert await through(faults, DATA) == DATA


@pytest.mark.parametrize("after", [0, 1, 1000])
async def test_cut_falls_at_its_byte(after: int) -> None:
    assert await through([Cut(after)], DATA) == DATA[:after]


async def test_cut_upwards_lets_no_further_byte_through() -> None:
    assert DATA[:100].startswith(await through([Cut(100, "up")], DATA))


async def test_stall_passes_no_further_byte_and_stays_open() -> None:
    plan = Plan(seed=1, script=[[Stall(10)]])
    async with echoing() as port, FaultProxy.tcp(port=port, plan=plan) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(DATA)
        assert await reader.readexactly(10) == DATA[:10]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.read(1)
        writer.transport.abort()


async def test_reset_is_seen_as_one() -> None:
    plan = Plan(seed=1, script=[[Cut(5, reset=True)]])
    async with echoing() as port, FaultProxy.tcp(port=port, plan=plan) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(DATA)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.transport.abort()


@pytest.fixture
def short_dir() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="chatty-") as path:
        yield path


async def test_blackhole_swallows_without_closing_and_refusing_closes(short_dir: str) -> None:
    listen, connect = os.path.join(short_dir, "p"), os.path.join(short_dir, "s")
    async with (
        accepting(listen_unix(connect), echo),
        FaultProxy.unix(listen=listen, connect=connect, plan=Plan(seed=1)) as proxy,
    ):
        reader, writer = await asyncio.open_unix_connection(listen)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        proxy.is_blackhole = True
        writer.write(b"b")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.read(1)
        proxy.is_refusing = True
        other, closing = await asyncio.open_unix_connection(listen)
        assert await other.read(1) == b""
        closing.close()
        assert proxy.cut_all() == 1
        writer.close()


def test_same_seed_gives_the_same_plan() -> None:
    def choose(chance: random.Random) -> list[Fault]:
        return [Cut(chance.randrange(10_000))]

    first, second = Plan(seed=3, choose=choose), Plan(seed=3, choose=choose)
    assert [first.faults_of(n) for n in range(20)] == [second.faults_of(n) for n in range(20)]
