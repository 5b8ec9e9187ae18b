"""Ten thousand power cuts while a program writes into a store.

    python -m benchmarks.power_cuts --cuts 10000 --seed 1

Half of the cuts are played on a program whose disk fails every fourth flush on top of that.

The program runs once under strace, which writes down what it tells the kernel; then the cuts are played from
that, with what was not flushed there, not there, or torn in sectors of 512 bytes. After each, chatty opens
what is left and writes into it. Exits with 1 when a unit that was acknowledged is lost, when half of one is
there, when the file is not whole, or when it cannot be opened. Needs strace (Linux).
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import facts_of, save
from tests.store.power_cuts import Outcome, can_be_played, recorded, try_cuts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--units", type=int, default=200, help="in each round")
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    if not can_be_played():
        print("needs strace and the right to use it")
        return 1
    began = time.perf_counter()
    outcomes: dict[str, Outcome] = {}
    for name, fault in (("sound_disk", None), ("failing_flushes", "fdatasync:error=EIO:when=9+4")):
        with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
            steps = recorded(Path(directory), rounds=options.rounds, units=options.units, fault=fault)
        outcomes[name] = try_cuts(
            steps, options.cuts // 2, random.Random(options.seed), keeps_names=fault is not None
        )
    figures = {
        "seed": options.seed,
        **{name: facts_of(outcome) for name, outcome in outcomes.items()},
        "seconds": time.perf_counter() - began,
    }
    for name, value in figures.items():
        print(f"{name:18} {value}")
    save("power_cuts", figures)
    return int(any(outcome.problems for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
