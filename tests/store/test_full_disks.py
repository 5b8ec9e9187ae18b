"""Disks that fill up at any moment. In large by command: `benchmarks/full_disks.py`."""

import random
from pathlib import Path

import pytest

from tests.store.full_disks import can_mount, fill_up

pytestmark = pytest.mark.skipif(not can_mount(), reason="only root can make small disks")


async def test_disk_that_fills_up_refuses_reads_on_and_loses_nothing(tmp_path: Path) -> None:
    outcome = await fill_up(tmp_path, 8, random.Random(20261120))
    assert outcome.problems == []
    assert set(outcome.refusals) == {"storage/full"}
