"""Ctrl+C and SIGTERM while an answer is coming: the first asks for a stop, the second leaves.

Between frames a signal is only noted, so no piece of text is lost or printed twice; it takes effect
while the command waits. This module decides when, not what a stop does.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from chatty.cli.exit_codes import ExitCode

_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class Stopped(BaseException):
    """The first signal: stop the run, keep what came, go on reading for a moment."""


class Left(BaseException):
    """The second signal: leave now."""


class Stops:
    """The signals that came, and whether one may interrupt right now.

    Attributes:
        code: the exit code of the first signal, ``None`` before it.
    """

    def __init__(self) -> None:
        self.code: ExitCode | None = None
        self._is_waiting = False
        self._is_handled = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stops":
        for number in _CODES:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
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
            raise Left
        self.code = _CODES[signal.Signals(number)]
        if self._is_waiting:
            self._raise_if_noted()

    def _raise_if_noted(self) -> None:
        if self.code is not None and not self._is_handled:
            self._is_handled = True
            raise Stopped
