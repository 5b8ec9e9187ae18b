"""A disk that fails: what was acknowledged is there, everything else was refused, and nothing crashed."""

from pathlib import Path

import pytest

from tests.store.failing_calls import write_while
from tests.store.power_cuts import can_be_played

pytestmark = pytest.mark.skipif(not can_be_played(), reason="needs strace and the right to use it")


@pytest.mark.parametrize(
    ("call", "error", "code"),
    [
        ("fdatasync", "EIO", "storage/unavailable"),
        ("pwrite64", "ENOSPC", "storage/full"),
        ("pwrite64", "EIO", "storage/unavailable"),
    ],
)
def test_failing_call_refuses_the_unit_and_no_other(tmp_path: Path, call: str, error: str, code: str) -> None:
    often = {"first": 3, "step": 5} if call == "fdatasync" else {"first": 20, "step": 47}
    outcome = write_while(tmp_path, call, error, **often, units=60)
    assert outcome.problems == []
    assert set(outcome.refusals) == {code}
    assert outcome.acknowledged > 0
