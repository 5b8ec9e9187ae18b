"""Ctrl+C at every stage, termination, readers that leave, and input that never ends."""

import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatty.cli.ask.exchange import STOP_SECONDS
from chatty.rendering.sanitizer import sanitize
from tests.cli.fake_server import FakeServer, Json, accepted, answer, delta, finished
from tests.cli.processes import OnTerminal, read_until, start
from tests.rendering.terminal_oracle import first_violation

Environment = dict[str, str]


class Streaming:
    """An answer that stops after its first words until it is cancelled."""

    def __init__(self, server: FakeServer, *, obeys: bool = True) -> None:
        self._cancelled = threading.Event()
        self._obeys = obeys
        self.released = threading.Event()
        server.on("message.send", self._send)
        server.on("run.cancel", self._cancel)

    def _send(self, sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "first words")
        (self._cancelled if self._obeys else self.released).wait(30)
        yield delta(sent, 11, " last words")
        yield finished(sent, "cancelled")

    def _cancel(self, params: Json) -> Json:
        self._cancelled.set()
        return {"status": "cancelling"}


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_first_signal_stops_the_run_and_keeps_what_came(
    server: FakeServer, environment: Environment, number: signal.Signals, code: int, word: str
) -> None:
    Streaming(server)
    with start(environment, "ask", "hi") as process:
        assert process.stdout is not None
        out = read_until(process.stdout.fileno(), b"first words")
        process.send_signal(number)
        rest, notes = process.communicate(timeout=30)
        (sent,) = server.params_of("message.send")
        assert (process.returncode, out + rest) == (code, b"first words last words")
        assert server.params_of("run.cancel") == [{"run_id": sent["run"]["id"]}]
        kept = f"chatty: {word}; what came is kept: chatty chats show {sent['conversation']['id']}\n"
        assert notes.decode() == kept


def test_second_ctrl_c_leaves_a_run_that_does_not_stop(server: FakeServer, environment: Environment) -> None:
    streaming = Streaming(server, obeys=False)
    with start(environment, "ask", "hi") as process:
        assert process.stdout is not None
        read_until(process.stdout.fileno(), b"first words")
        process.send_signal(signal.SIGINT)
        server.wait_for("run.cancel")
        process.send_signal(signal.SIGINT)
        _, notes = process.communicate(timeout=30)
        streaming.released.set()
        assert process.returncode == 130
        assert notes.count(b"\n") == 1


def test_run_that_does_not_stop_is_left_after_two_seconds(
    server: FakeServer, environment: Environment
) -> None:
    streaming = Streaming(server, obeys=False)
    with start(environment, "ask", "hi") as process:
        assert process.stdout is not None
        read_until(process.stdout.fileno(), b"first words")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        streaming.released.set()
        assert process.returncode == 130


def test_server_that_does_not_even_answer_the_stop_is_left_after_two_seconds_in_all(
    server: FakeServer, environment: Environment
) -> None:
    streaming = Streaming(server, obeys=False)
    server.on("run.cancel", lambda params: {"released": streaming.released.wait(30)})
    with start(environment, "ask", "hi") as process:
        assert process.stdout is not None
        read_until(process.stdout.fileno(), b"first words")
        process.send_signal(signal.SIGINT)
        server.wait_for("run.cancel")
        asked = time.monotonic()
        _, notes = process.communicate(timeout=10)
        streaming.released.set()
        assert process.returncode == 130
        assert b"may go on writing; what came is kept: chatty chats show" in notes
        assert time.monotonic() - asked < 2 * STOP_SECONDS - 0.2


def test_ctrl_c_before_the_answer_to_the_request(server: FakeServer, environment: Environment) -> None:
    release = threading.Event()

    def never(sent: Json) -> Iterator[Json]:
        release.wait(30)
        yield accepted(sent)

    server.on("message.send", never)
    server.on("run.cancel", {"status": "cancelled"})
    with start(environment, "ask", "hi") as process:
        server.wait_for("message.send")
        process.send_signal(signal.SIGINT)
        _, notes = process.communicate(timeout=30)
        release.set()
        assert (process.returncode, notes.count(b"\n")) == (130, 1)


def test_ctrl_c_while_the_server_is_awaited_starts_none(environment: Environment, home: Path) -> None:
    """Another client is about to start the server: this one waits for its turn."""
    data = home / "data"
    data.mkdir(mode=0o700)
    with open(data / "start.lock", "w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with start(environment, "ask", "hi") as process:
            until = time.monotonic() + 30
            while not (home / "state" / "run").exists():
                assert time.monotonic() < until, "it never came to starting the server"
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, notes = process.communicate(timeout=30)
    assert (process.returncode, notes) == (130, b"chatty: interrupted; nothing was sent\n")
    assert not (home / "state" / "logs").exists(), "no server was started"


def test_broken_connection_before_the_answer_says_that_arrival_is_unknown(
    server: FakeServer, environment: Environment
) -> None:
    server.on("message.send", lambda sent: iter([]))
    with start(environment, "ask", "hi") as process:
        _, notes = process.communicate(timeout=30)
    assert process.returncode == 7
    assert b"whether the question arrived shows: chatty chats show" in notes


def test_input_that_never_ends_is_named_and_ctrl_c_leaves(
    server: FakeServer, environment: Environment
) -> None:
    with start(environment, "ask", "hi", stdin=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = read_until(process.stderr.fileno(), b"\n")
        assert said == b"chatty: waiting for standard input to end; ctrl+c gives up, --no-stdin skips it\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr.read() == b"chatty: interrupted; nothing was sent\n"
        assert server.requests == []


def test_timeout_bounds_input_that_never_ends(environment: Environment) -> None:
    with start(environment, "ask", "hi", "--timeout", "0.3", stdin=subprocess.PIPE) as process:
        assert process.wait(timeout=30) == 124


def test_reader_that_leaves_stops_the_run_quietly(server: FakeServer, environment: Environment) -> None:
    gone = threading.Event()

    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "first words")
        assert gone.wait(30)
        yield delta(sent, 11, "nobody reads this")
        yield finished(sent)

    server.on("message.send", script)
    server.on("run.cancel", {"status": "cancelling"})
    with start(environment, "ask", "hi") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        read_until(process.stdout.fileno(), b"first words")
        process.stdout.close()
        gone.set()
        assert (process.wait(timeout=30), process.stderr.read()) == (141, b"")
        assert len(server.params_of("run.cancel")) == 1


@pytest.mark.parametrize("option", ["--raw", "--json", "--no-stream"])
def test_reader_that_leaves_before_the_first_words_stops_the_run(
    server: FakeServer, environment: Environment, option: str
) -> None:
    """A model that thinks for a minute writes nothing that could fail."""
    stopped = threading.Event()

    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        stopped.wait(30)

    server.on("message.send", script)

    def cancel(params: Json) -> Json:
        stopped.set()
        return {"status": "cancelling"}

    server.on("run.cancel", cancel)
    with start(environment, "ask", "hi", option) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        server.wait_for("message.send")
        process.stdout.close()
        assert (process.wait(timeout=20), process.stderr.read()) == (141, b"")
    assert len(server.params_of("run.cancel")) == 1


def test_output_that_is_closed_from_the_start_ends_quietly(
    server: FakeServer, environment: Environment
) -> None:
    server.on("message.send", lambda sent: answer(sent, ["text"]))
    server.on("run.cancel", {"status": "cancelling"})
    import sys

    shell = f"{sys.executable} -m chatty ask hi >&- </dev/null"
    result = subprocess.run(["sh", "-c", shell], env=environment, capture_output=True, timeout=30)
    assert (result.returncode, result.stderr) == (141, b"")


def test_full_disk_under_the_output_is_a_storage_error(server: FakeServer, environment: Environment) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    server.on("message.send", lambda sent: answer(sent, ["text"]))
    with (
        open("/dev/full", "wb") as full,
        start(environment, "ask", "hi", stdout=full.fileno()) as process,
    ):
        _, notes = process.communicate(timeout=30)
    assert process.returncode == 10
    assert notes.count(b"\n") == 1


def test_ctrl_c_while_a_list_is_awaited(server: FakeServer, environment: Environment) -> None:
    release = threading.Event()

    def never(params: Json) -> Json:
        release.wait(30)
        return {"items": [], "next": None}

    server.on("conversation.list", never)
    with start(environment, "chats", "list") as process:
        server.wait_for("conversation.list")
        process.send_signal(signal.SIGINT)
        _, notes = process.communicate(timeout=30)
        release.set()
        assert (process.returncode, notes) == (130, b"chatty: interrupted\n")


HOSTILE = "a\x1b]0;title\x07b\x1b[2Jc\x9b31md\x1bP1$q\x1b\\e\re\x08f \u202egnp.exe \x1b[201~ end"


def test_hostile_text_on_a_terminal_is_its_sanitised_form(
    server: FakeServer, environment: Environment
) -> None:
    server.on("message.send", lambda sent: answer(sent, list(HOSTILE)))
    with OnTerminal(environment, "ask", "--raw", "hi") as terminal:
        assert terminal.wait() == 0
        assert terminal.output.decode() == (sanitize(HOSTILE) + "\n").replace("\n", "\r\n")


def test_hostile_markdown_on_a_terminal_draws_nothing_but_our_own_sequences(
    server: FakeServer, environment: Environment
) -> None:
    table = f"| a | {HOSTILE} |\n|---|---|\n| [l](http://x/\x1b]8;;y\x07) | b |"
    hostile = f"# {HOSTILE}\n\n{table}\n\n```\n{HOSTILE}\n"
    server.on("message.send", lambda sent: answer(sent, list(hostile)))
    with OnTerminal(environment, "ask", "hi") as terminal:
        assert terminal.wait() == 0
        assert first_violation(terminal.output.decode()) is None
        assert b"title" not in terminal.output


def test_ctrl_c_on_a_terminal_leaves_it_as_it_was(server: FakeServer, environment: Environment) -> None:
    Streaming(server)
    with OnTerminal(environment, "ask", "hi") as terminal:
        terminal.read_until(b"first words")
        terminal.type(b"\x03")
        assert terminal.wait() == 130
        assert terminal.modes == terminal.before
        assert (
            b"first words last words\r\n\x1b[?2026lchatty: interrupted; what came is kept" in terminal.output
        )


def test_hostile_error_on_a_terminal_is_one_sanitised_line(
    server: FakeServer, environment: Environment
) -> None:
    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        error = {"type": "provider/bad_request", "message": HOSTILE, "retryable": False}
        yield finished(sent, "failed", error=error)

    server.on("message.send", script)
    with OnTerminal(environment, "ask", "hi") as terminal:
        assert terminal.wait() == 3
        assert terminal.output.decode() == f"chatty: {sanitize(HOSTILE, multiline=False)}\r\n"


def test_full_screen_client_without_a_terminal_is_refused_politely(environment: Environment) -> None:
    with start(environment) as process:
        out, notes = process.communicate(timeout=30)
        assert (process.returncode, out, notes.count(b"\n")) == (2, b"", 1)
        assert b"chatty ask" in notes
