"""A person for each journey."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.homes import Home
from tests.instruments.fake_upstream import FakeUpstream
from tests.journeys.person import Person, vendor


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    """The vendor."""
    with vendor() as running:
        yield running


@pytest.fixture
def person(tmp_path: Path, upstream: FakeUpstream) -> Iterator[Person]:
    """Somebody whose shell knows a key for the vendor."""
    home = Home(str(tmp_path), {"OPENAI_API_KEY": "sk-journey", "OPENAI_BASE_URL": upstream.url})
    somebody = Person(home)
    try:
        yield somebody
    finally:
        somebody.leave()
        home.clean_up()


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Person]:
    """Somebody without any key."""
    somebody = Person(Home(str(tmp_path)))
    try:
        yield somebody
    finally:
        somebody.leave()
        somebody.home.clean_up()
