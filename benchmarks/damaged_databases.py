"""Five hundred damaged databases, and the program over some of them.

    python -m benchmarks.damaged_databases --files 500 --rows 500 --homes 65 --seed 1

Empty, cut off, flipped, zeroed, shuffled, foreign and wrong files: the store opens, reads, searches, writes
into each; then `chatty` itself lists, searches, asks and examines. Exits with 1 at any exception that is no
typed error, any traceback, any answer without the path, any hang, and any refused file that was changed. And
five hundred whole files with one row that holds what it never should: everything around it must be readable.
"""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.report import facts_of, save
from tests.cli.damaged_homes import try_homes
from tests.server.damaged_rows import try_rows
from tests.store.damages import try_damages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--homes", type=int, default=65)
    parser.add_argument("--seed", type=int, default=20261120)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # every damage is said there, too
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        files = asyncio.run(try_damages(Path(directory), options.files, random.Random(options.seed)))
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        rows = asyncio.run(try_rows(Path(directory), options.rows, random.Random(options.seed)))
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        homes = try_homes(Path(directory), options.homes, random.Random(options.seed))
    for name, value in (*facts_of(files).items(), *facts_of(rows).items(), *facts_of(homes).items()):
        print(f"{name:16} {value}")
    found = {"files": facts_of(files), "rows": facts_of(rows), "program": facts_of(homes)}
    save("damaged_databases", {"seed": options.seed, **found})
    return int(bool(files.problems or rows.problems or homes.problems))


if __name__ == "__main__":
    sys.exit(main())
