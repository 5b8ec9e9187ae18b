"""The cable is pulled for half a minute while somebody sends from the full-screen client.

    python -m benchmarks.unplugged --seconds 30 --times 3

The real program in a real terminal, its real server, and a cable between them that is pulled before the
message is sent, and once more between the message and the answer to it. Each time: the screen says so all
the while, and the message is there once. Exits with 1 when one is missing, doubled, or left over.
"""

import argparse
import sys
import tempfile

from benchmarks.report import percentile, save
from tests.client.homes import Home
from tests.journeys.cable import Outcome, cable, sent_while_unplugged
from tests.journeys.person import Person, vendor


def once(seconds: float, *, is_heard: bool) -> Outcome:
    """Pull the cable in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory, vendor() as upstream:
        home = Home(directory, {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": upstream.url})
        person = Person(home)
        try:
            with cable(home, f"{directory}/p") as between:
                return sent_while_unplugged(person, upstream, between, seconds=seconds, is_heard=is_heard)
        finally:
            person.leave()
            home.clean_up()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--times", type=int, default=2, help="for each of the two moments")
    options = parser.parse_args()
    outcomes = [
        once(options.seconds, is_heard=heard) for heard in (False, True) for _ in range(options.times)
    ]
    back = [outcome.back_seconds for outcome in outcomes]
    figures = {
        "unplugged_seconds": options.seconds,
        "messages": len(outcomes),
        "stored": sum(outcome.stored for outcome in outcomes),
        "asked_of_the_vendor": sum(outcome.asked for outcome in outcomes),
        "left_unsent": sum(outcome.unsent for outcome in outcomes),
        "back_seconds_p50": percentile(back, 0.5),
        "back_seconds_max": max(back),
    }
    for name, value in figures.items():
        print(f"{name:20} {value:>8.2f}")
    save("unplugged", figures)
    is_once = all((outcome.stored, outcome.asked, outcome.unsent) == (1, 1, 0) for outcome in outcomes)
    return int(not is_once)


if __name__ == "__main__":
    sys.exit(main())
