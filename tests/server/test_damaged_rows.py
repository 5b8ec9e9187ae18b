"""One bad row keeps nobody from the others. In large by command: `benchmarks/damaged_databases.py`."""

import random
from pathlib import Path

import pytest

from chatty.server.clock import milliseconds, timestamp
from tests.server.damaged_rows import try_rows


async def test_damaged_row_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    outcome = await try_rows(tmp_path, 60, random.Random(20261120))
    assert outcome.problems == []


@pytest.mark.parametrize("at_ms", [-(2**62), -1, 0, 2**62])
def test_time_that_cannot_be_said_becomes_one_that_can(at_ms: int) -> None:
    assert timestamp(milliseconds(timestamp(at_ms))) == timestamp(at_ms)
