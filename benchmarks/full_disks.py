"""Two hundred small disks that fill up at random moments under a store.

    python -m benchmarks.full_disks --disks 200 --seed 1

File systems in memory of 2 to 16 MiB, filled to the last byte or nearly so while messages are written, and
emptied again. Exits with 1 when an answer took more than five seconds, when an accepted message is lost, when
reading failed, or when something was refused although there was room again. Needs the right to mount.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.report import facts_of, save
from tests.store.full_disks import can_mount, fill_up


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--disks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    if not can_mount():
        print("needs the right to mount")
        return 1
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        outcome = asyncio.run(fill_up(Path(directory), options.disks, random.Random(options.seed)))
    figures = {"seed": options.seed, **facts_of(outcome)}
    for name, value in figures.items():
        print(f"{name:16} {value}")
    save("full_disks", figures)
    return int(bool(outcome.problems))


if __name__ == "__main__":
    sys.exit(main())
