"""What holds for every test."""

from collections.abc import Iterator

import pytest

from tests.instruments.network_guard import loopback_only


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    with loopback_only():
        yield
