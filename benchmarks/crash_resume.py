"""The server is killed while it streams, over and over; what was accepted and shown is compared.

    python -m benchmarks.crash_resume --kills 100 --streams 10 --seed 1

Each round: that many replies are being streamed, SIGKILL at a random instant, the client comes back by
itself, journal, database and fresh views are compared. Exits with 1 at the first disagreement.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time

from benchmarks.report import percentile, save
from tests.client.homes import Home
from tests.instruments.checker import check, read_journal
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.fresh import fresh_views
from tests.instruments.journal_client import witness

MODEL = "openai/tok200-delay10"
"""About two seconds of text, a number in every token."""


async def one_round(home: Home, journal: str, streams: int, wait_seconds: float) -> tuple[float, list[str]]:
    """Stream, kill, come back; return how long the server was away, and what is wrong."""
    witnessing = asyncio.create_task(
        witness(home.client(), journal, conversations=streams, messages=1, model=MODEL)
    )
    await asyncio.sleep(wait_seconds)
    await asyncio.to_thread(home.kill)
    killed_at = time.perf_counter()
    await asyncio.to_thread(home.pid)
    away = time.perf_counter() - killed_at
    await witnessing
    witnessed = read_journal(journal)
    async with home.client() as client:
        views = await fresh_views(client, witnessed.conversation_ids)
    problems = check(witnessed, home.locations.database_path, views)
    problems += [f"message {lost} was never accepted" for lost in witnessed.sent.keys() - witnessed.accepted]
    return away, problems


async def run(kills: int, streams: int, seed: int) -> tuple[list[float], list[str]]:
    """Play all rounds in one home, so that the database grows through all the crashes."""
    chance = random.Random(seed)
    aways: list[float] = []
    async with FakeUpstream(keeps_requests=False) as upstream:
        with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
            home = Home(directory, {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": upstream.url})
            await asyncio.to_thread(home.pid)
            try:
                for number in range(kills):
                    journal = os.path.join(directory, f"journal-{number}")
                    away, problems = await one_round(home, journal, streams, chance.uniform(0.1, 2.0))
                    aways.append(away)
                    if problems:
                        return aways, [f"round {number}: {problem}" for problem in problems]
            finally:
                await asyncio.to_thread(home.clean_up)
    return aways, []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--streams", type=int, default=10)
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    aways, problems = asyncio.run(run(options.kills, options.streams, options.seed))
    print(f"seed {options.seed}: {len(aways)} kills of {options.streams} streams, {len(problems)} problems")
    print(f"serving again after: p50 {percentile(aways, 0.5):.2f} s, p99 {percentile(aways, 0.99):.2f} s")
    for problem in problems:
        print(problem)
    save(
        "crash_resume",
        {
            "seed": options.seed,
            "kills": len(aways),
            "streams": options.streams,
            "problems": problems,
            "away_seconds_p50": percentile(aways, 0.5),
            "away_seconds_p99": percentile(aways, 0.99),
        },
    )
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
