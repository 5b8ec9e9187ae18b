"""The person's own editor: which program it is, and whose the keyboard's signals are while it runs.

Both faces start it from here. It gives no terminal back and keeps no text; those who call it do.
"""

import shlex
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_KEYBOARD_SIGNALS = (signal.SIGINT, signal.SIGQUIT)


def named_editor(environ: Mapping[str, str]) -> list[str]:
    """Return the words of ``VISUAL``, else of ``EDITOR``; none when neither names a program.

    Raises:
        ValueError: the words cannot be told apart: a quotation is not closed.
    """
    named = (environ.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    return shlex.split(next(filter(None, named), ""))


@contextmanager
def keyboard_signals_for_the_editor() -> Iterator[None]:
    """Take no notice of ctrl+c and ctrl+\\ in this block; only the main thread may enter it.

    They go to every program of the terminal, and an editor such as vim handles them and stays. The
    handlers do nothing instead of being ``SIG_IGN``: that one the editor would inherit.
    """
    before = [(number, signal.signal(number, _leave_it)) for number in _KEYBOARD_SIGNALS]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _leave_it(*_: object) -> None:
    """It was meant for the editor."""
