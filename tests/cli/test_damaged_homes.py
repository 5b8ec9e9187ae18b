"""Commands over damaged databases: an answer, or one line. In large: `benchmarks/damaged_databases.py`."""

import random
import tempfile
from pathlib import Path

import pytest

from tests.cli.damaged_homes import COMMANDS, try_homes


@pytest.mark.parametrize("kind", ["noise", "zeroed-pages", "truncated"])
def test_damaged_database_is_one_line_and_no_traceback(kind: str) -> None:
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        outcome = try_homes(Path(directory), 1, random.Random(20261120), [kind])
    assert outcome.problems == []
    assert outcome.codes.total() == len(COMMANDS)
