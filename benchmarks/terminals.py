"""A program in a pseudo-terminal of 120x40, as the benchmarks watch it: what it writes, uses and keeps."""

import os
import re
import select
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).resolve().parents[1]
COLUMNS, ROWS = 120, 40
DEADLINE_SECONDS = 60.0
CHATTY = (sys.executable, "-m", "chatty")

_KITTY = re.compile(rb"\x1b\[[<>][0-9;]*u")
"""pyte takes the letter after a private introducer for text."""


class Program:
    """Runs with bytecode and without what would change its looks; killed when the block ends.

    Args:
        has_screen: whether to keep what a person sees in `lines`. It costs the other processor a second
            for each megabyte, which a program that is only timed should not have beside it.

    Attributes:
        started_at: on the clock of `time.perf_counter`.
        written: everything it wrote.
    """

    def __init__(
        self, arguments: Sequence[str], extra: Mapping[str, str], *, has_screen: bool = True
    ) -> None:
        dropped = ("PYTHONDONTWRITEBYTECODE", "NO_COLOR", "COLUMNS", "LINES")
        inherited = {name: value for name, value in os.environ.items() if name not in dropped}
        environment = {**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor", **extra}
        self.written = bytearray()
        self.started_at = time.perf_counter()
        self._child = pexpect.spawn(
            arguments[0], list(arguments[1:]), dimensions=(ROWS, COLUMNS), env=environment, cwd=str(ROOT)
        )
        self._screen = pyte.Screen(COLUMNS, ROWS) if has_screen else None
        self._stream = pyte.ByteStream(self._screen) if self._screen else None

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close(force=True)

    @property
    def pid(self) -> int:
        """The program's own process."""
        assert self._child.pid is not None
        return self._child.pid

    @property
    def lines(self) -> Sequence[str]:
        """What a person sees."""
        assert self._screen is not None
        display: list[str] = self._screen.display
        return display

    def send(self, keys: str) -> None:
        """Press keys."""
        self._child.send(keys)

    def read(self, seconds: float) -> bool:
        """Take in what is there, waiting that long for it; tell whether there was anything.

        Raises:
            EOFError: the program has ended.
        """
        if not select.select([self._child.child_fd], [], [], max(seconds, 0.0))[0]:
            return False
        try:
            data = os.read(self._child.child_fd, 65536)
        except OSError as error:
            raise EOFError(bytes(self.written[-2000:]).decode(errors="replace")) from error
        self.written += data
        if self._stream is not None:
            self._stream.feed(_KITTY.sub(b"", data))
        return True

    def until(self, is_met: Callable[[], bool], what: str) -> float:
        """Return the moment, on the clock of `time.perf_counter`, at which a condition was met."""
        deadline = time.perf_counter() + DEADLINE_SECONDS
        while not is_met():
            if time.perf_counter() > deadline:
                shown = "\n".join(self.lines) if self._screen else repr(bytes(self.written[-2000:]))
                raise TimeoutError(f"{what} did not come:\n{shown}")
            self.read(0.2)
        return time.perf_counter()

    def shows(self, text: str) -> bool:
        """Tell whether a person sees the text."""
        return any(text in line for line in self.lines)

    def until_shown(self, text: str) -> float:
        """Return the moment at which a person saw the text."""
        return self.until(lambda: self.shows(text), text)

    def until_written(self, text: str) -> float:
        """Return the moment at which the text had been written, in one look."""
        return self.until(lambda: text.encode() in self.written, text)

    def settle(self, seconds: float) -> None:
        """Take in what is written for so long; a cursor may blink all the while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)


def cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int, field: str = "VmRSS") -> float:
    """Return a process's memory in MiB, by the kernel's word; ``VmHWM`` for its peak."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise LookupError(field)
