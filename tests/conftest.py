"""What holds for every test."""

import signal
from collections.abc import Iterator

import pytest

from tests.instruments.network_guard import loopback_only


def pytest_configure() -> None:
    """Take ctrl+c as a person's shell would have it: in the background, or behind nohup, it is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    with loopback_only():
        yield
