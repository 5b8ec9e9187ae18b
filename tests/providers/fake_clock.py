"""An event loop's clock and timers, moved by hand."""


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
