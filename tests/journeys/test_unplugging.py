"""A link that goes away while somebody writes: said while it lasts, and nothing sent twice or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.instruments.fake_upstream import FakeUpstream
from tests.journeys.cable import Cable, Outcome, cable, sent_while_unplugged
from tests.journeys.person import Person

SECONDS = 2.0
"""Long enough for several tries to come back; half a minute by command: `benchmarks/unplugged.py`."""


@pytest.fixture
def pulled(person: Person, tmp_path: Path) -> Iterator[Cable]:
    with cable(person.home, str(tmp_path / "p")) as between:
        yield between


@pytest.mark.parametrize("is_heard", [False, True], ids=["before-enter", "before-the-answer"])
def test_message_sent_while_unplugged_is_sent_once(
    person: Person, upstream: FakeUpstream, pulled: Cable, is_heard: bool
) -> None:
    outcome = sent_while_unplugged(person, upstream, pulled, seconds=SECONDS, is_heard=is_heard)
    assert outcome == Outcome(stored=1, asked=1, unsent=0, back_seconds=outcome.back_seconds)
