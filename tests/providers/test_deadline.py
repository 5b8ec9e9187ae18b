import asyncio

import pytest

from chatty.providers._deadline import Deadline
from tests.providers.fake_clock import FakeLoop


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> FakeLoop:
    fake = FakeLoop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: fake)
    return fake


def test_it_expires_once_after_the_time_that_was_set_last(loop: FakeLoop) -> None:
    calls: list[float] = []
    deadline = Deadline(lambda: calls.append(loop.now))
    deadline.set(10)
    loop.advance(8)
    deadline.set(10)
    loop.advance(9)
    assert not deadline.has_expired
    loop.advance(1)
    loop.advance(100)
    assert (calls, deadline.has_expired) == ([18.0], True)


def test_an_earlier_time_takes_effect(loop: FakeLoop) -> None:
    deadline = Deadline(lambda: None)
    deadline.set(100)
    deadline.set(5)
    loop.advance(5)
    assert deadline.has_expired


def test_a_pause_lasts_until_it_is_set_again(loop: FakeLoop) -> None:
    deadline = Deadline(lambda: None)
    deadline.set(5)
    deadline.pause()
    loop.advance(50)
    assert not deadline.has_expired
    deadline.set(5)
    loop.advance(5)
    assert deadline.has_expired


def test_a_closed_deadline_never_expires(loop: FakeLoop) -> None:
    deadline = Deadline(lambda: None)
    deadline.set(5)
    deadline.close()
    loop.advance(50)
    assert not deadline.has_expired


def test_setting_it_again_and_again_keeps_one_timer(loop: FakeLoop) -> None:
    deadline = Deadline(lambda: None)
    for _ in range(1000):
        deadline.set(5)
    assert len(loop.timers) == 1
