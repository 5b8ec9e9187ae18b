"""A line typed by a person, with ctrl+c noticed at once.

Python's line editor looks at signals only when one interrupts its ``select``. One that comes a moment
earlier, between a key and the next wait, is slept through until enter is pressed (CPython, readline.c,
``readline_until_enter_or_signal``). So while a line is read, a thread hears of signals through the wakeup
descriptor and sends them again until their handler has run.
"""

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_HEARD = (signal.SIGINT, signal.SIGTERM)
_AGAIN_SECONDS = 0.05
"""How long a handler may take to run before its signal is sent again."""


def read_line(prompt: str) -> str:
    """Return the next line, without its newline; arrows and history work while typing.

    To be called from the main thread, as every handler of signals.

    Raises:
        EOFError: ctrl+d on an empty line.
        KeyboardInterrupt: ctrl+c; what was typed is gone.
    """
    # Arrow keys and history while typing.
    import readline  # noqa: F401

    with _Insistence():
        return input(prompt)


class _Insistence:
    """Sees to it that the handler of a signal runs, once, whatever the main thread sleeps in."""

    def __init__(self) -> None:
        self._has_run = threading.Event()
        self._before: dict[int, Any] = {}
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._thread = threading.Thread(target=self._insist, daemon=True)

    def __enter__(self) -> None:
        # A signal that is ignored, as behind nohup, stays so.
        heard = [number for number in _HEARD if callable(signal.getsignal(number))]
        self._before = {number: signal.signal(number, self._run) for number in heard}
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._has_run.set()  # from here on a signal changes nothing, until the handlers are back
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._writer)
        self._thread.join()
        os.close(self._reader)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _run(self, number: int, frame: FrameType | None) -> None:
        if not self._has_run.is_set():
            self._has_run.set()
            self._before[number](number, frame)

    def _insist(self) -> None:
        for number in iter(lambda: os.read(self._reader, 1), b""):
            while number[0] in self._before and not self._has_run.wait(_AGAIN_SECONDS):
                signal.pthread_kill(threading.main_thread().ident or 0, number[0])
