"""When to paint: at once after a pause, else at most twenty times a second, ten while nobody looks.

The painter knows neither store nor widgets: it calls one function, and needs a timer and a clock.
"""

from collections.abc import Callable
from typing import Protocol

FRAME_SECONDS = 1 / 20
UNFOCUSED_FRAME_SECONDS = 1 / 10

_AT_ONCE_SECONDS = 0.001


class SetTimer(Protocol):
    """Calls the function once after the delay in seconds, as `Widget.set_timer` does."""

    def __call__(self, delay: float, callback: Callable[[], None]) -> object: ...


class Painter:
    """Turns any number of requests into frames at a bounded rate. No request is ever forgotten."""

    def __init__(self, paint: Callable[[], None], set_timer: SetTimer, clock: Callable[[], float]) -> None:
        self.is_focused = True
        self._paint = paint
        self._set_timer = set_timer
        self._clock = clock
        self._painted_at = float("-inf")
        self._is_due = False

    def request(self) -> None:
        """Something changed: paint soon. Returns at once."""
        if self._is_due:
            return
        self._is_due = True
        interval = FRAME_SECONDS if self.is_focused else UNFOCUSED_FRAME_SECONDS
        # Textual 8.2 divides by the delay: it must not be nothing.
        delay = max(_AT_ONCE_SECONDS, self._painted_at + interval - self._clock())
        self._set_timer(delay, self._frame)

    def _frame(self) -> None:
        self._is_due = False
        self._paint()
        # Counted from the end of painting, so that a slow frame leaves time for keys.
        self._painted_at = self._clock()
