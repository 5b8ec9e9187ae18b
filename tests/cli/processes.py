"""The program while it runs: pipes that stay open, signals, and a terminal in front of it."""

import os
import pty
import select
import subprocess
import sys
import time
from types import TracebackType

Environment = dict[str, str]
PATIENCE_SECONDS = 30.0


def start(environment: Environment, *words: str, **pipes: int) -> "subprocess.Popen[bytes]":
    """Start ``chatty`` with pipes on both outputs and, unless told otherwise, nothing on its input."""
    given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes}
    return subprocess.Popen(
        [sys.executable, "-m", "chatty", *words],
        env=environment,
        stdin=given["stdin"],
        stdout=given["stdout"],
        stderr=given["stderr"],
    )


def read_until(descriptor: int, wanted: bytes, read: bytes = b"") -> bytes:
    """Read until the bytes have come, and return everything, with what had been read before."""
    until = time.monotonic() + PATIENCE_SECONDS
    while wanted not in read:
        ready = select.select([descriptor], [], [], max(0, until - time.monotonic()))[0]
        assert ready, f"{wanted!r} never came; only {read!r}"
        chunk = os.read(descriptor, 65536)
        assert chunk, f"it ended without {wanted!r}; only {read!r}"
        read += chunk
    return read


class OnTerminal:
    """``chatty`` with a pseudo-terminal for all three of its standard streams."""

    def __init__(self, environment: Environment, *words: str) -> None:
        self._master, slave = pty.openpty()
        self.before = _modes(slave)
        self._slave = slave
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chatty", *words],
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        self.output = b""
        self._seen = 0

    def __enter__(self) -> "OnTerminal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._slave)
        os.close(self._master)

    def read_until(self, wanted: bytes) -> None:
        """Read what is drawn until the bytes have come, behind what earlier calls waited for."""
        if wanted not in self.output[self._seen :]:
            tail = self.output[self._seen :]
            self.output += read_until(self._master, wanted, tail)[len(tail) :]
        self._seen = self.output.index(wanted, self._seen) + len(wanted)

    def resize(self, columns: int) -> None:
        """Give the terminal another width."""
        import termios

        termios.tcsetwinsize(self._master, (24, columns))

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Read to the end and return the exit code."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if select.select([self._master], [], [], 0.05)[0]:
                self.output += os.read(self._master, 65536)
            elif self._process.poll() is not None:
                return self._process.returncode
        raise AssertionError(f"still running; drew {self.output!r}")

    @property
    def modes(self) -> object:
        """The terminal's modes now."""
        return _modes(self._slave)


def _modes(descriptor: int) -> object:
    import termios

    return termios.tcgetattr(descriptor)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
