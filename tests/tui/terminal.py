"""A program in a real pseudo-terminal: what it writes, as bytes and as a screen."""

import os
import re
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 30.0


class Terminal:
    """Runs the scripted client, or another module; every wait is bounded and fails with the screen."""

    def __init__(
        self,
        *arguments: str,
        columns: int,
        rows: int,
        environment: dict[str, str],
        module: str = "tests.tui.scripted_app",
        errors_to: Path | None = None,
        program: Sequence[str] | None = None,
    ) -> None:
        # A test runner may say how wide its own terminal is: that is not the one made here.
        foreign = {"NO_COLOR", "COLUMNS", "LINES"}
        inherited = {key: value for key, value in os.environ.items() if key not in foreign}
        command = [*(program or (sys.executable, "-m", module)), *arguments]
        if errors_to is not None:
            command = ["/bin/sh", "-c", 'exec "$@" 2>"$0"', str(errors_to), *command]
        self.child = pexpect.spawn(
            command[0],
            command[1:],
            dimensions=(rows, columns),
            env={**inherited, "TERM": "xterm-256color", "COLORTERM": "truecolor", **environment},
            cwd=str(ROOT),
        )
        self.written = b""
        self.screen = pyte.Screen(columns, rows)
        """What a person sees, cell by cell."""
        self._stream = pyte.ByteStream(self.screen)

    @property
    def text(self) -> str:
        """The screen as lines."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def pid(self) -> int:
        """The program's process."""
        assert self.child.pid is not None
        return self.child.pid

    def send(self, data: str) -> None:
        """Press keys, as bytes."""
        self.child.send(data)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def wait_for(self, text: str) -> None:
        """Return once the text is on the screen."""
        self._wait(lambda: text in self.text, text)

    def wait_gone(self, text: str) -> None:
        """Return once the text is no longer on the screen."""
        self._wait(lambda: text not in self.text, f"no {text}")

    def wait_written(self, data: bytes) -> None:
        """Return once these bytes were written."""
        self._wait(lambda: data in self.written, repr(data))

    def wait_until(self, is_met: Callable[[], bool]) -> None:
        """Return once a condition outside the screen holds."""
        self._wait(is_met, "the condition")

    def wait_end(self) -> int:
        """Return the exit status (negative for a signal) once the program has ended."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self._read(0.2) is not None:
            assert time.monotonic() < deadline, f"still running:\n{self.text}"
        self.child.wait()
        if self.child.signalstatus is not None:
            return -self.child.signalstatus
        return self.child.exitstatus or 0

    def catch_up(self) -> None:
        """Take in what was written so far."""
        while self._read(0.0):
            pass

    def watch(self, seconds: float) -> None:
        """Take in what is written for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            assert self._read(left) is not None, f"ended meanwhile:\n{self.text}"

    def settle(self, quiet_seconds: float) -> None:
        """Return once nothing was written for that long."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self._read(quiet_seconds):
            assert time.monotonic() < deadline, f"it never came to rest:\n{self.text}"

    def hang_up(self) -> None:
        """Close the terminal under the program, and return once the program has ended."""
        process = self.child.ptyproc  # type: ignore[attr-defined]  # pexpect leaves it untyped
        process.fileobj.close()
        process.closed = True
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.child.isalive():
            assert time.monotonic() < deadline, "still running without a terminal"
            os.sched_yield()

    def _wait(self, is_met: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not is_met():
            assert time.monotonic() < deadline, f"{what!r} did not come:\n{self.text}"
            assert self._read(0.2) is not None or is_met(), f"ended before {what!r}:\n{self.text}"

    def _read(self, seconds: float) -> bytes | None:
        """What was written meanwhile; None at the end."""
        if not select.select([self.child.child_fd], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.child.child_fd, 65536)
        except OSError:
            return None
        if not data:
            return None
        self.written += data
        # pyte takes the letter after a private introducer for text: the kitty keyboard's push and pop.
        self._stream.feed(re.sub(rb"\x1b\[[<>][0-9;]*u", b"", data))
        return data


@contextmanager
def terminal(
    *arguments: str,
    columns: int = 100,
    rows: int = 30,
    environment: dict[str, str] | None = None,
    errors_to: Path | None = None,
    program: Sequence[str] | None = None,
) -> Iterator[Terminal]:
    """A running client, ready to type; ended afterwards. Its standard error can be a file, and another
    program, such as a shell, can start it."""
    running = Terminal(
        *arguments,
        columns=columns,
        rows=rows,
        environment=environment or {},
        errors_to=errors_to,
        program=program,
    )
    try:
        running.wait_for("sk anything")
        yield running
    finally:
        running.child.close(force=True)
