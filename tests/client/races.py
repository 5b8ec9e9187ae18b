"""Callers that come just when an idle server leaves, again and again."""

import asyncio
import os
import random
import time
from dataclasses import dataclass, field

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from tests.client.homes import Home
from tests.instruments.reference import sending

IDLE_SECONDS = 0.24


@dataclass(slots=True)
class Races:
    """What became of them."""

    calls: int = 0
    servers: set[str] = field(default_factory=set)
    """Instances that answered: all but the first were started because the one before had left."""
    failures: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0

    def take(self, instance: str | None, began: float, error: Exception | None) -> None:
        self.calls += 1
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
        if instance is not None:
            self.servers.add(instance)
        if error is not None:
            self.failures.append(f"{type(error).__name__} {getattr(error, 'type', '')}: {error}")


def leave_soon(home: Home) -> None:
    """Let the home's server leave as soon as nobody is there for a moment."""
    os.makedirs(home.locations.config_dir, mode=0o700, exist_ok=True)
    with open(home.locations.config_file, "w", encoding="utf-8") as file:
        file.write(f"[server]\nidle_minutes = {IDLE_SECONDS / 60}\n")


async def race(home: Home, times: int, chance: random.Random) -> Races:
    """Call, wait for about as long as the server stays, and call again, so many times.

    Turns are taken: a command that asks, a command that writes, and a program that connects and sends.
    """
    races = Races()
    ways = (_ask, _write, _connect_and_send)
    for number in range(times):
        began = time.monotonic()
        try:
            instance = await ways[number % len(ways)](home)
        except (ProtocolError, OSError, TimeoutError) as error:
            races.take(None, began, error)
        else:
            races.take(instance, began, None)
        # It looks every 50 ms whether it is idle, and takes some 150 ms to leave.
        await asyncio.sleep(IDLE_SECONDS + chance.uniform(-0.02, 0.3))
    return races


async def _ask(home: Home) -> str:
    return await _call(home, "server.status", {})


async def _write(home: Home) -> str:
    return await _call(home, "message.send", sending(new_id(), "hello", with_run=False))


async def _call(home: Home, method: str, params: dict[str, object]) -> str:
    caller = home.one_shot()
    await asyncio.to_thread(caller.call, method, params, timeout_seconds=20)
    assert caller.session is not None
    instance: str = caller.session["server"]["instance"]
    return instance


async def _connect_and_send(home: Home) -> str:
    async with home.client() as client:
        async with asyncio.timeout(20):
            await client.send("message.send", sending(new_id(), "hello", with_run=False))
        assert client.session is not None
        instance: str = client.session["server"]["instance"]
        return instance
