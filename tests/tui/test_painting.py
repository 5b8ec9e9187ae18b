"""The painter's rate, on a clock of its own."""

from collections.abc import Callable

import pytest

from chatty.tui.painting import Painter


class FakeTimers:
    """A clock that runs timers when it is moved."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object:
        self.due.append((self.now + delay, callback))
        return callback

    def run_until(self, end: float) -> None:
        while self.due and min(self.due, key=lambda pair: pair[0])[0] <= end:
            pair = min(self.due, key=lambda pair: pair[0])
            self.due.remove(pair)
            self.now = max(self.now, pair[0])
            pair[1]()
        self.now = end


@pytest.mark.parametrize(("is_focused", "frames_a_second"), [(True, 20), (False, 10)])
def test_busy_second_is_painted_at_a_bounded_rate(is_focused: bool, frames_a_second: int) -> None:
    timers, painted = FakeTimers(), []
    painter = Painter(lambda: painted.append(timers.now), timers.set_timer, lambda: timers.now)
    painter.is_focused = is_focused
    for step in range(1000):
        timers.run_until(100 + step / 1000)
        painter.request()
    assert frames_a_second - 2 <= len(painted) <= frames_a_second + 1


def test_first_change_after_a_pause_is_painted_at_once() -> None:
    timers, painted = FakeTimers(), []
    painter = Painter(lambda: painted.append(timers.now), timers.set_timer, lambda: timers.now)
    painter.request()
    timers.run_until(100.002)
    assert len(painted) == 1


def test_change_during_painting_is_painted_next() -> None:
    timers, painted = FakeTimers(), []

    def paint() -> None:
        painted.append(timers.now)
        if len(painted) == 1:
            painter.request()

    painter = Painter(paint, timers.set_timer, lambda: timers.now)
    painter.request()
    timers.run_until(101)
    assert len(painted) == 2
