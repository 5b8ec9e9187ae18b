"""The server is killed while it streams, over and over; what was accepted and shown is compared.

    python -m benchmarks.crash_resume --kills 100 --streams 10 --seed 1

Each round: that many replies are being streamed, SIGKILL at a random instant (in three rounds of four after
all of them have shown text, in the fourth at any moment from the first question on), the client comes back by
itself, journal, database and fresh views are compared: every accepted message with its reply, none twice,
the text a beginning of what was shown. How much of it is lost is measured as time: from the first piece that
is not on the disk to the last that was shown. Serving again is measured from the kill to the answer to a
command that had to start the server. Stops at the first disagreement.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field

from benchmarks.report import Goal, conclude, percentile
from tests.client.homes import Home
from tests.instruments.checker import begun, check, lost_seconds, read_journal
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.fresh import fresh_views
from tests.instruments.journal_client import witness
from tests.instruments.waiting import until

MODEL = "openai/tok200-delay10"
"""A number in every token."""
TEXT_SECONDS = 1.9
"""For how long it streams, less a little."""


@dataclass(slots=True)
class Outcome:
    """What the rounds came to."""

    away_seconds: list[float] = field(default_factory=list)
    lost_seconds: list[float] = field(default_factory=list)
    """Of every reply that was cut off in the middle of its text."""
    problems: list[str] = field(default_factory=list)


async def one_round(home: Home, journal: str, streams: int, chance: random.Random, outcome: Outcome) -> None:
    """Stream, kill, come back, compare."""
    waits_for_text, wait_seconds = chance.random() < 0.75, chance.uniform(0.0, TEXT_SECONDS)
    witnessing = asyncio.create_task(
        witness(home.client(), journal, conversations=streams, messages=1, model=MODEL)
    )
    if waits_for_text:
        await until(lambda: begun(journal) == streams, seconds=30)
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
    outcome.away_seconds.append(away)
    outcome.lost_seconds += lost_seconds(witnessed, home.locations.database_path).values()
    outcome.problems += problems


async def run(kills: int, streams: int, seed: int) -> Outcome:
    """Play all rounds in one home, so that the database grows through all the crashes."""
    chance, outcome = random.Random(seed), Outcome()
    async with FakeUpstream(keeps_requests=False) as upstream:
        with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
            home = Home(directory, {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": upstream.url})
            await asyncio.to_thread(home.pid)
            try:
                for number in range(kills):
                    journal = os.path.join(directory, f"journal-{number}")
                    await one_round(home, journal, streams, chance, outcome)
                    if outcome.problems:
                        print(f"stopped in round {number}")
                        break
            finally:
                await asyncio.to_thread(home.clean_up)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--streams", type=int, default=10)
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    outcome = asyncio.run(run(options.kills, options.streams, options.seed))
    print(f"seed {options.seed}: {len(outcome.away_seconds)} kills of {options.streams} streams")
    for problem in outcome.problems:
        print(problem)
    figures = {
        "seed": options.seed,
        "kills": len(outcome.away_seconds),
        "streams": options.streams,
        "replies_cut_off_in_their_text": len(outcome.lost_seconds),
        "problems": outcome.problems,
        "away_seconds_p50": round(percentile(outcome.away_seconds, 0.5), 3),
        "away_seconds_max": round(max(outcome.away_seconds), 3),
        "lost_seconds_p50": round(percentile(outcome.lost_seconds or [0.0], 0.5), 3),
        "lost_seconds_max": round(max(outcome.lost_seconds, default=0.0), 3),
    }
    goals = [
        Goal("messages lost or doubled, and other disagreements", len(outcome.problems), at_most=0),
        Goal("shown text that a kill cost, s", max(outcome.lost_seconds, default=0.0), at_most=0.5),
        Goal("serving again after a kill, s", max(outcome.away_seconds), at_most=2),
        Goal("kills", len(outcome.away_seconds), at_least=options.kills),
        Goal(
            "of them, replies cut off",
            len(outcome.lost_seconds),
            at_least=options.kills * options.streams / 2,
        ),
    ]
    return conclude("crash_resume", figures, goals)


if __name__ == "__main__":
    sys.exit(main())
