"""Messages sent through links that break all the time: every one is there, none twice.

    python -m benchmarks.exactly_once --messages 10000 --seed 1

Prints one table and exits with 1 when a single message is missing or doubled. The server is the real
one, in a home of its own; the client is the real one, outbox and fsync included.
"""

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence

from benchmarks.report import Goal, conclude
from chatty.client.backoff import Backoff
from chatty.client.connection import connect
from chatty.client.target import SocketTarget
from chatty.protocol.ids import new_id
from tests.client.homes import Home
from tests.instruments.fault_proxy import Cut, Fault, FaultProxy, Plan
from tests.instruments.reference import sending

IN_FLIGHT = 50
CONVERSATIONS = 100


def breaking(chance: random.Random) -> Sequence[Fault]:
    """Links that carry some tens of messages and end anywhere inside a frame."""
    if chance.random() < 0.5:
        return [Cut(chance.randrange(1_000, 30_000), "up")]
    return [Cut(chance.randrange(1_500, 60_000), "down")]


async def run(messages: int, seed: int) -> dict[str, float]:
    """Send, break, count; return the figures."""
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        home = Home(directory)
        await asyncio.to_thread(home.pid)
        try:
            began = time.perf_counter()
            links, duplicates, sent = await _send_all(home, directory, messages, seed)
            elapsed = time.perf_counter() - began
            return {**_compare(home, sent), "links": links, "duplicates": duplicates, "seconds": elapsed}
        finally:
            await asyncio.to_thread(home.clean_up)


async def _send_all(home: Home, directory: str, messages: int, seed: int) -> tuple[int, int, dict[str, str]]:
    conversations = [new_id() for _ in range(CONVERSATIONS)]
    wanted = [sending(conversations[n % CONVERSATIONS], str(n), with_run=False) for n in range(messages)]
    path, plan = f"{directory}/p", Plan(seed=seed, choose=breaking)
    gate = asyncio.Semaphore(IN_FLIGHT)
    async with FaultProxy.unix(listen=path, connect=home.locations.socket_path, plan=plan) as proxy:
        soon = Backoff(first_seconds=0.01, cap_seconds=0.05)
        async with connect(SocketTarget(path), environ=home.environ, backoff=soon) as client:

            async def send(params: dict[str, object]) -> bool:
                async with gate:
                    return bool((await client.send("message.send", params)).get("duplicate"))

            answers = await asyncio.gather(*(send(params) for params in wanted))
        return proxy.accepted, sum(answers), {params["id"]: params["parts"][0]["text"] for params in wanted}


def _compare(home: Home, sent: dict[str, str]) -> dict[str, float]:
    database = sqlite3.connect(f"file:{home.locations.database_path}?mode=ro", uri=True)
    stored = [row[0] for row in database.execute("SELECT id FROM messages")]
    texts = dict(database.execute("SELECT message_id, text FROM message_parts"))
    database.close()
    return {
        "sent": len(sent),
        "changed": sum(texts.get(message_id) != text for message_id, text in sent.items()),
        "stored": len(stored),
        "missing": len(sent.keys() - set(stored)),
        "doubled": len(stored) - len(set(stored)),
        "unknown": len(set(stored) - sent.keys()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    figures = asyncio.run(run(options.messages, options.seed))
    for name, value in figures.items():
        print(f"{name:12} {value:>12,.1f}")
    wrong = sum(figures[name] for name in ("missing", "doubled", "unknown", "changed"))
    goals = [
        Goal("messages stored", figures["stored"], at_least=options.messages, at_most=options.messages),
        Goal("missing, doubled, unknown or changed", wrong, at_most=0),
        Goal("sent again although they were there", figures["duplicates"], at_least=1),
    ]
    return conclude("exactly_once", {"seed": options.seed, **figures}, goals)


if __name__ == "__main__":
    sys.exit(main())
