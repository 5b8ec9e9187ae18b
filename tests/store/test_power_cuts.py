"""A power cut takes nothing that was acknowledged. In large by command: `benchmarks/power_cuts.py`."""

import random
from pathlib import Path

import pytest

from tests.store.power_cuts import can_be_played, recorded, try_cuts

pytestmark = pytest.mark.skipif(not can_be_played(), reason="needs strace and the right to use it")


def test_no_acknowledged_unit_is_lost_by_a_power_cut(tmp_path: Path) -> None:
    steps = recorded(tmp_path, rounds=2, units=60)
    outcome = try_cuts(steps, 120, random.Random(20261120))
    assert outcome.problems == []
    assert outcome.acknowledged == 120


def test_flush_that_failed_is_never_taken_for_one_that_worked(tmp_path: Path) -> None:
    steps = recorded(tmp_path, rounds=2, units=60, fault="fdatasync:error=EIO:when=9+4")
    assert any(step.kind == "flush-fails" for step in steps)
    outcome = try_cuts(steps, 120, random.Random(20261120), keeps_names=True)
    assert outcome.problems == []
    assert 0 < outcome.acknowledged < 120


def test_weaker_promises_are_found_out(tmp_path: Path) -> None:
    steps = recorded(tmp_path, "PRAGMA synchronous = NORMAL", rounds=1, units=60)
    outcome = try_cuts(steps, 120, random.Random(20261120))
    assert any("acknowledged units are lost" in problem for problem in outcome.problems)
