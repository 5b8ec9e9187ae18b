"""A hundred clients that end without being asked: killed, hung up, or their terminal closed under them.

    python -m benchmarks.client_deaths --times 25

The full-screen program in a real terminal, half of them while an answer streams; each way to die that often.
Exits with 1 when a client took more than two seconds to go, when there is another number of servers than one,
or when a process that a client had started is left.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.report import percentile, save
from tests.client.homes import Home
from tests.journeys.deaths import DEATHS, GONE_SECONDS, Left, die
from tests.journeys.person import Person, vendor


def run(times: int) -> dict[str, list[Left]]:
    """Let clients of one home die in every way; return what each left."""
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory, vendor() as upstream:
        home = Home(str(Path(directory)), {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": upstream.url})
        person = Person(home)
        try:
            return {
                kind: [die(person, kind, answering=number % 2 == 0) for number in range(times)]
                for kind in DEATHS
            }
        finally:
            person.leave()
            home.clean_up()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=25, help="for each way to die")
    options = parser.parse_args()
    died = run(options.times)
    everything = [left for kind in died.values() for left in kind]
    figures = {
        "deaths": len(everything),
        "gone_seconds_p50": percentile([left.seconds for left in everything], 0.5),
        "gone_seconds_max": max(left.seconds for left in everything),
        "other_than_one_server": sum(left.servers != 1 for left in everything),
        "children_left": sum(left.children for left in everything),
        "gone_seconds_max_by_kind": {
            kind: max(left.seconds for left in lefts) for kind, lefts in died.items()
        },
    }
    for name, value in figures.items():
        print(f"{name:24} {value}")
    save("client_deaths", figures)
    slow = any(left.seconds > GONE_SECONDS for left in everything)
    return int(slow or any(left.servers != 1 or left.children for left in everything))


if __name__ == "__main__":
    sys.exit(main())
