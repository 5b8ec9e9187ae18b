"""Damaged files, every kind of them. In large by command: `benchmarks/damaged_databases.py`."""

import random
from pathlib import Path

from tests.store.damages import DAMAGES, try_damages


async def test_damaged_file_is_refused_with_the_way_out_or_used_and_never_written_over(
    tmp_path: Path,
) -> None:
    outcome = await try_damages(tmp_path, 8 * len(DAMAGES), random.Random(20261120))
    assert outcome.problems == []
    assert outcome.readable > 0
