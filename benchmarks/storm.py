"""A thousand clients lose their links in one instant, twenty times over.

    python -m benchmarks.storm --clients 1000 --storms 20 --seed 1

The real server, real sockets, a proxy that cuts them all at once, and our own client library coming back
by itself. Prints how long it takes until all are back, how many links the busiest second brings, how long
somebody else waits for an answer meanwhile (in the crowd's own process, so its work counts too), and the
server's open files before and after. Exits with 1 when somebody stays away for more than half a minute or
when files are left open.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import asdict

from benchmarks.report import percentile, save
from chatty.client.backoff import LOCAL, Backoff
from chatty.client.connection import Client
from tests.client.homes import Home
from tests.instruments.fault_proxy import FaultProxy, Plan
from tests.instruments.storms import Storm, crowd, descriptors, storm
from tests.instruments.waiting import until

BACK_SECONDS = 30.0
MORE_DESCRIPTORS = 5
BACKOFFS = {"local": LOCAL, "remote": Backoff()}


async def run(
    clients: int, storms: int, seed: int, backoff: str
) -> tuple[list[Storm], list[float], list[int]]:
    """Return the storms, the times of answers to a bystander, and the server's open files over time."""
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        home, path = Home(directory), f"{directory}/p"
        pid = await asyncio.to_thread(home.pid)
        try:
            async with (
                FaultProxy.unix(listen=path, connect=home.locations.socket_path, plan=Plan(seed)) as proxy,
                home.client() as bystander,
                crowd(home, path, clients, BACKOFFS[backoff]) as everybody,
            ):
                before = descriptors(pid)
                answers: list[float] = []
                asking = asyncio.create_task(_ask_on(bystander, answers))
                done = [await storm(proxy, everybody) for _ in range(storms)]
                asking.cancel()
                after = await _settled(pid, before)
            return done, answers, [before, after]
        finally:
            await asyncio.to_thread(home.clean_up)


async def _settled(pid: int, before: int) -> int:
    try:
        await until(lambda: descriptors(pid) <= before, seconds=10)
    except TimeoutError:
        pass
    return descriptors(pid)


async def _ask_on(bystander: Client, answers: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await bystander.call("ping")
        answers.append(time.perf_counter() - began)
        await asyncio.sleep(0.02)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--storms", type=int, default=20)
    parser.add_argument("--seed", type=int, default=20261120)
    parser.add_argument("--backoff", choices=BACKOFFS, default="local")
    options = parser.parse_args()
    done, answers, (before, after) = asyncio.run(
        run(options.clients, options.storms, options.seed, options.backoff)
    )
    slowest = max(one.all_back_seconds for one in done)
    figures = {
        "seed": options.seed,
        "backoff": options.backoff,
        "clients": options.clients,
        "storms": len(done),
        "all_back_seconds_max": slowest,
        "all_back_seconds_p50": percentile([one.all_back_seconds for one in done], 0.5),
        "peak_accepts_per_second": max(one.peak_accepts_per_second for one in done),
        "bystander_answer_ms_p99": percentile(answers, 0.99) * 1000,
        "descriptors_before": before,
        "descriptors_after": after,
    }
    for name, value in figures.items():
        print(f"{name:26} {value}")
    save("storm", {**figures, "every_storm": [asdict(one) for one in done]})
    return int(slowest > BACK_SECONDS or after > before + MORE_DESCRIPTORS)


if __name__ == "__main__":
    sys.exit(main())
