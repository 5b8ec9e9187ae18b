"""Fifty programs change one configuration file a thousand times each, and are killed while they do.

    python -m benchmarks.config_writers --writers 50 --updates 1000 --kills 300 --seed 1

The file is read all the while. Exits with 1 when it could not be read once, when an update that was
acknowledged is lost, or when killed writers leave files behind.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import save
from tests.client.config_writers import write_side_by_side


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=50)
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        outcome = write_side_by_side(
            Path(directory),
            writers=options.writers,
            updates=options.updates,
            kills=options.kills,
            chance=random.Random(options.seed),
        )
    figures = {
        "seed": options.seed,
        "writers": options.writers,
        "updates": outcome.updates,
        "kills": outcome.kills,
        "reads": outcome.reads,
        "problems": outcome.problems,
        "seconds": time.perf_counter() - began,
    }
    for name, value in figures.items():
        print(f"{name:10} {value}")
    save("config_writers", figures)
    return int(bool(outcome.problems))


if __name__ == "__main__":
    sys.exit(main())
