"""Ctrl+C, SIGTERM and the clock while an answer comes: the first asks for a stop, a second signal leaves.

Between frames a signal is only noted, so no piece of text is lost or printed twice; it takes effect
while the command waits. This module decides when, not what a stop does.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from chatty.cli.exit_codes import ExitCode

_CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGALRM: ExitCode.TIMED_OUT,
}


class Stopped(BaseException):
    """The first signal, or the time is up: stop the run, keep what came, go on reading for a moment."""


class Left(BaseException):
    """The second signal: leave now."""


class Stops:
    """The signals that came, and whether one may interrupt right now.

    Args:
        timeout_seconds: after this time it is as if a signal came; ``None``: never.

    Attributes:
        code: the exit code of the first signal, ``None`` before it.
    """

    def __init__(self, timeout_seconds: float | None = None) -> None:
        self._timeout_seconds = timeout_seconds
        self.code: ExitCode | None = None
        self._is_waiting = False
        self._is_handled = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stops":
        for number in _CODES:
            self._before[number] = signal.signal(number, self._note)
        signal.setitimer(signal.ITIMER_REAL, self._timeout_seconds or 0)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal, also one noted before, raise ``Stopped`` inside this block."""
        self._is_waiting = True
        try:
            self._raise_if_noted()
            yield
        finally:
            self._is_waiting = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.code is not None:
            if number == signal.SIGALRM:
                return
            raise Left
        self.code = _CODES[signal.Signals(number)]
        if self._is_waiting:
            self._raise_if_noted()

    def _raise_if_noted(self) -> None:
        if self.code is not None and not self._is_handled:
            self._is_handled = True
            raise Stopped
