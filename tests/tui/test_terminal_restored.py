"""However the client ends, the terminal is given back."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal, terminal

RESTORED = [b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?2004l", b"\x1b[?1003l", b"\x1b[?1004l", b"\x1b[<u"]


def assert_restored(term: Terminal) -> None:
    for sequence in RESTORED:
        assert sequence in term.written, sequence


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_restores_the_terminal(number: signal.Signals) -> None:
    with terminal("--scene", "idle") as term:
        os.kill(term.pid, number)
        assert term.wait_end() == 128 + number
        assert_restored(term)


def test_quitting_restores_the_terminal() -> None:
    with terminal("--scene", "idle") as term:
        term.send("/quit\r")
        assert term.wait_end() == 0
        assert_restored(term)


def test_standard_error_in_a_file_leaves_the_screen_on_the_terminal(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with terminal("--scene", "idle", errors_to=errors) as term:
        term.send("seen")
        term.wait_for("seen")
        term.send("\x03/quit\r")
        assert term.wait_end() == 0
        assert_restored(term)
    assert errors.read_bytes() == b""


def test_suspending_gives_the_terminal_back_and_takes_it_again() -> None:
    with terminal("--scene", "idle") as term:
        os.kill(term.pid, signal.SIGTSTP)
        term.wait_written(b"\x1b[?1049l")
        assert os.waitpid(term.pid, os.WUNTRACED)[1] == (signal.SIGSTOP << 8) | 0x7F
        term.written = b""
        os.kill(term.pid, signal.SIGCONT)
        term.wait_written(b"\x1b[?1049h")
        term.send("back again")
        term.wait_for("back again")


def test_terminal_without_a_shell_is_not_suspended() -> None:
    with terminal("--scene", "idle") as term:
        term.send("\x1a")
        term.wait_for("no shell here")
        term.send("still here")
        term.wait_for("still here")


def test_shell_brings_it_back() -> None:
    steps = f"{sys.executable} -m tests.tui.scripted_app --scene idle; echo away; fg; echo left"
    with terminal("-c", steps, program=("/bin/bash", "-m")) as term:
        term.send("\x1a")
        term.wait_written(b"away")
        term.send("back again")
        term.wait_for("back again")
        term.send("\x03/quit\r")
        term.wait_written(b"left")
