"""A limit on silence that costs one assignment per read.

`asyncio.timeout` around every read costs a timer each; this keeps one timer and looks at the clock only when
it fires. It calls back instead of cancelling, so that it may stay armed across a generator's `yield`.
"""

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls `on_expiry` once, when the time set last has passed."""

    def __init__(self, on_expiry: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_expiry = on_expiry
        self._at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.has_expired = False

    def set(self, seconds: float) -> None:
        """Expire that long from now, whatever was set before."""
        self._at = at = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > at:
            self._arm(at)

    def pause(self) -> None:
        """Do not expire until set again."""
        self._at = None

    def close(self) -> None:
        """Never expire."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float) -> None:
        self.close()
        self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._at is None:
            return
        if self._loop.time() < self._at:
            self._arm(self._at)
            return
        self.has_expired = True
        self._on_expiry()
