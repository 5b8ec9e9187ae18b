"""A crowd of clients that lose their links in the same instant, and come back."""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from chatty.client.backoff import Backoff
from chatty.client.connection import Client, connect
from chatty.client.target import SocketTarget
from chatty.client.updates import LinkState
from tests.client.homes import Home
from tests.instruments.fault_proxy import FaultProxy
from tests.instruments.waiting import until

LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Storm:
    """How one went."""

    all_back_seconds: float
    first_back_seconds: float
    peak_accepts_per_second: int
    """In the worst second, wherever it begins."""
    accepts: int


@asynccontextmanager
async def crowd(home: Home, path: str, count: int, backoff: Backoff) -> AsyncIterator[Sequence[Client]]:
    """So many clients that are online through the socket at the path."""
    async with AsyncExitStack() as stack:
        clients = [connect(SocketTarget(path), environ=home.environ, backoff=backoff) for _ in range(count)]
        for start in range(0, count, 50):
            some = clients[start : start + 50]
            for client in some:
                await stack.enter_async_context(client)
            await asyncio.gather(*(client.wait_online() for client in some))
        yield clients


async def storm(proxy: FaultProxy, clients: Sequence[Client], *, patience_seconds: float = 60.0) -> Storm:
    """Cut every link at once and wait until all are back."""
    before, began = proxy.accepted, time.monotonic()
    assert proxy.cut_all() == len(clients)
    await until(lambda: not any(client.state is LinkState.ONLINE for client in clients))
    marks: deque[tuple[float, int]] = deque()
    first = peak = 0.0
    while (online := sum(client.state is LinkState.ONLINE for client in clients)) < len(clients):
        now = time.monotonic()
        assert now - began < patience_seconds, f"only {online} of {len(clients)} came back"
        first = first or (now - began if online else 0.0)
        marks.append((now, proxy.accepted))
        while now - marks[0][0] > 1.0:
            marks.popleft()
        peak = max(peak, marks[-1][1] - marks[0][1])
        await asyncio.sleep(LOOK_SECONDS)
    back = time.monotonic() - began
    peak = max(peak, proxy.accepted - marks[0][1] if marks else 0)
    return Storm(back, first, int(peak), proxy.accepted - before)


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
