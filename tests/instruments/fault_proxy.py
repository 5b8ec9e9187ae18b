"""A proxy between a client and a server that breaks what passes, as told, and from a printed seed.

It carries bytes between unix sockets or TCP ports and knows no protocol. A fault is a small value;
a plan gives each new connection its faults. The same seed gives the same plan.

    async with FaultProxy.unix(listen="p.sock", connect="s.sock", plan=Plan(seed=7, ...)) as proxy:
        proxy.cut_all()
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.instruments.accepting import accepting, listen_tcp, listen_unix

Direction = Literal["up", "down"]
"""``up``: from the client to the server."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Cut:
    """Close both sides after so many bytes in one direction, between any two of them."""

    after_bytes: int
    direction: Direction = "down"
    reset: bool = False
    """By RST instead of FIN, where the socket knows that (TCP)."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Pass nothing more in one direction after so many bytes, and keep the connection open."""

    after_bytes: int
    direction: Direction = "down"


@dataclass(frozen=True, slots=True)
class Latency:
    """Hold every piece back for a time with a random share on top."""

    seconds: float
    jitter_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Slices:
    """Pass bytes on in pieces of this size: 1 splits every frame, character and escape."""

    size: int = 1


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Pass on this many bytes in a second, in each direction."""

    bytes_per_second: float


Fault = Cut | Stall | Latency | Slices | Bandwidth


@dataclass(slots=True)
class Plan:
    """Which faults the next connection has.

    Args:
        seed: printed when the proxy opens; the same one repeats the same choices.
        script: faults of the first connections, in order.
        choose: faults of all further ones; ``None``: none.
    """

    seed: int
    script: Sequence[Sequence[Fault]] = ()
    choose: Callable[[random.Random], Sequence[Fault]] | None = None
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def faults_of(self, number: int) -> Sequence[Fault]:
        if number < len(self.script):
            return self.script[number]
        return self.choose(self.chance) if self.choose is not None else ()


class FaultProxy:
    """Accepts connections and carries them on, with faults.

    Attributes:
        is_refusing: close new connections at once, as a server that is away.
        is_blackhole: pass nothing, close nothing: the other side is gone without a word.
        is_deaf: the same for what comes down alone: the server hears, and nobody hears the server.
        accepted: how many connections came.
        port: where it listens, for TCP.
    """

    def __init__(self, dial: Callable[[], Awaitable[Streams]], plan: Plan) -> None:
        self.is_refusing = False
        self.is_blackhole = False
        self.is_deaf = False
        self.accepted = 0
        self.port = 0
        self._dial = dial
        self._plan = plan
        self._open: set[_Carrier] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def unix(cls, *, listen: str, connect: str, plan: Plan) -> AsyncIterator["FaultProxy"]:
        """Proxy between two unix sockets."""
        proxy = cls(lambda: asyncio.open_unix_connection(connect), plan)
        async with proxy._running(listen_unix(listen)):
            yield proxy

    @classmethod
    @contextlib.asynccontextmanager
    async def tcp(cls, *, port: int, plan: Plan) -> AsyncIterator["FaultProxy"]:
        """Proxy from a free TCP port of the loopback to another one."""
        proxy = cls(lambda: asyncio.open_connection("127.0.0.1", port), plan)
        listener = listen_tcp()
        proxy.port = listener.getsockname()[1]
        async with proxy._running(listener):
            yield proxy

    def cut_all(self, *, reset: bool = False) -> int:
        """Cut every connection now; return how many there were."""
        carriers = tuple(self._open)
        for carrier in carriers:
            carrier.cut(reset=reset)
        return len(carriers)

    def swallows(self, direction: Direction) -> bool:
        """Tell whether what comes this way is lost for now."""
        return self.is_blackhole or (self.is_deaf and direction == "down")

    @contextlib.asynccontextmanager
    async def _running(self, listener: socket.socket) -> AsyncIterator[None]:
        print(f"fault proxy: seed {self._plan.seed}")
        async with accepting(listener, self._carry):
            yield

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        faults = self._plan.faults_of(self.accepted)
        self.accepted += 1
        if self.is_refusing:
            writer.transport.abort()
            return
        try:
            server = await self._dial()
        except OSError:
            writer.transport.abort()
            return
        carrier = _Carrier(self, (reader, writer), server, faults, self._plan.chance)
        self._open.add(carrier)
        try:
            await carrier.run()
        finally:
            self._open.discard(carrier)
            carrier.cut()


class _Carrier:
    """One connection through the proxy."""

    def __init__(
        self,
        proxy: FaultProxy,
        client: Streams,
        server: Streams,
        faults: Sequence[Fault],
        chance: random.Random,
    ) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._faults = faults
        self._random = chance

    async def run(self) -> None:
        """Carry both ways until either side ends or a fault ends it."""
        ways = [
            asyncio.create_task(self._pump("up", self._client[0], self._server[1])),
            asyncio.create_task(self._pump("down", self._server[0], self._client[1])),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def cut(self, *, reset: bool = False) -> None:
        for _, writer in (self._client, self._server):
            if reset:
                _reset_on_close(writer)
            writer.transport.abort()

    async def _pump(
        self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        passed = 0
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                for piece in self._sliced(data):
                    end = self._end_of(direction, passed, len(piece))
                    if not self._proxy.swallows(direction):
                        await self._pass(piece if end is None else piece[: end.after_bytes - passed], writer)
                    passed += len(piece)
                    if isinstance(end, Cut):
                        self.cut(reset=end.reset)
                        return
                    if isinstance(end, Stall) or self._proxy.swallows(direction):
                        await asyncio.Event().wait()

    def _sliced(self, data: bytes) -> Sequence[bytes]:
        size = next((fault.size for fault in self._faults if isinstance(fault, Slices)), len(data))
        return [data[start : start + size] for start in range(0, len(data), size)]

    def _end_of(self, direction: Direction, passed: int, size: int) -> Cut | Stall | None:
        for fault in self._faults:
            if not isinstance(fault, Cut | Stall) or fault.direction != direction:
                continue
            if passed <= fault.after_bytes < passed + size:
                return fault
        return None

    async def _pass(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        for fault in self._faults:
            match fault:
                case Latency(seconds, jitter):
                    await asyncio.sleep(seconds + self._random.uniform(0, jitter))
                case Bandwidth(rate):
                    await asyncio.sleep(len(piece) / rate)
        if writer.is_closing():
            raise ConnectionResetError
        writer.write(piece)
        await writer.drain()


def _reset_on_close(writer: asyncio.StreamWriter) -> None:
    """Let closing send RST: with lingering for no time, unsent data is dropped (socket(7))."""
    connected = writer.get_extra_info("socket")
    if connected is not None and connected.family in (socket.AF_INET, socket.AF_INET6):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
