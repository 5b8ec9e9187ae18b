"""Five hundred damaged databases, and the program over some of them.

    python -m benchmarks.damaged_databases --files 500 --homes 65 --seed 1

Empty, cut off, flipped, zeroed, shuffled, foreign and wrong files: the store opens, reads, searches, writes
into each; then `chatty` itself lists, searches, asks and examines. Exits with 1 at any exception that is no
typed error, any traceback, any answer without the path, any hang, and any refused file that was changed.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.report import facts_of, save
from tests.cli.damaged_homes import try_homes
from tests.store.damages import try_damages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--homes", type=int, default=65)
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        files = asyncio.run(try_damages(Path(directory), options.files, random.Random(options.seed)))
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        homes = try_homes(Path(directory), options.homes, random.Random(options.seed))
    for name, value in (*facts_of(files).items(), *facts_of(homes).items()):
        print(f"{name:16} {value}")
    save("damaged_databases", {"seed": options.seed, "store": facts_of(files), "program": facts_of(homes)})
    return int(bool(files.problems or homes.problems))


if __name__ == "__main__":
    sys.exit(main())
