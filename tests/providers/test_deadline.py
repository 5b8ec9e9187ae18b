import asyncio

import pytest

from chatty.providers._deadline import Deadline


class FakeLoop:
    """A clock that is set by hand, and the timers on it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[FakeTimer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: object) -> "FakeTimer":
        timer = FakeTimer(when, callback)
        self.timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for timer in [timer for timer in self.timers if timer.at <= self.now]:
            self.timers.remove(timer)
            timer.fire()


class FakeTimer:
    """A timer that fires when told."""

    def __init__(self, at: float, callback: object) -> None:
        self.at = at
        self._callback = callback
        self._is_cancelled = False

    def when(self) -> float:
        return self.at

    def cancel(self) -> None:
        self._is_cancelled = True

    def fire(self) -> None:
        if not self._is_cancelled:
            assert callable(self._callback)
            self._callback()


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
