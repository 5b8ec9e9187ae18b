"""Two hundred clients are killed while answers stream to them; others take their place.

    python -m benchmarks.reattach --answers 20 --kills 10 --seed 1

Every client is a process of its own that asks the same question again under the same ids and follows the
answer. Each text that any of them is shown must be a beginning of the whole answer, the last one must see all
of it, and question and answer must be stored once. Exits with 1 otherwise.
"""

import argparse
import asyncio
import random
import sys
import tempfile

from benchmarks.report import facts_of, save
from tests.client.homes import Home
from tests.client.reattaching import Outcome, reattach
from tests.instruments.fake_upstream import FakeUpstream

AT_ONCE = 4
"""Answers side by side: two processors have to start all these programs."""


async def run(answers: int, kills: int, seed: int) -> Outcome:
    """Play all answers, a few at a time, in one home."""
    chance, total = random.Random(seed), Outcome()
    async with FakeUpstream(keeps_requests=False) as upstream:
        with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
            home = Home(directory, {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": upstream.url})
            await asyncio.to_thread(home.pid)
            try:
                for start in range(0, answers, AT_ONCE):
                    some = await reattach(
                        home,
                        answers=min(AT_ONCE, answers - start),
                        kills=kills,
                        tokens=2000,
                        delay_ms=8,
                        chance=chance,
                    )
                    total.answers += some.answers
                    total.kills += some.kills
                    total.problems += some.problems
            finally:
                await asyncio.to_thread(home.clean_up)
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=20)
    parser.add_argument("--kills", type=int, default=11, help="for each answer")
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    figures = {
        "seed": options.seed,
        **facts_of(asyncio.run(run(options.answers, options.kills, options.seed))),
    }
    for name, value in figures.items():
        print(f"{name:10} {value}")
    save("reattach", figures)
    return int(bool(figures["problems"]))


if __name__ == "__main__":
    sys.exit(main())
