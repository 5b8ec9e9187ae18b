"""``chatty --plain``: line by line, in words."""

import os
import signal
import threading
from types import FrameType

import pytest

from chatty.cli.line_input import read_line
from tests.cli.fake_server import FakeServer, answer
from tests.cli.processes import OnTerminal
from tests.cli.samples import FIRST, conversation


class Heard(BaseException):
    """A handler of the test ran."""


def test_chat_line_by_line(server: FakeServer, environment: dict[str, str]) -> None:
    server.on("message.send", lambda sent: answer(sent, ["Hello ", "\x1b[31myou"]))
    with OnTerminal(environment, "--plain", "-m", "openai/tiny") as terminal:
        terminal.read_until(b"you: ")
        terminal.type(b"hi there\n")
        terminal.read_until(b"done")
        terminal.read_until(b"you: ")
        terminal.type(b"half")
        terminal.read_until(b"half")
        terminal.type(b"\x03")
        terminal.read_until(b"line dropped")
        terminal.read_until(b"you: ")
        terminal.type(b"\x04")
        assert terminal.wait() == 0
        assert terminal.modes == terminal.before
    assert b"asking\r\nHello you\r\ndone\r\n" in terminal.output
    assert b"\x1b[31m" not in terminal.output
    assert [part["text"] for part in server.params_of("message.send")[0]["parts"]] == ["hi there"]
    assert server.params_of("message.send")[0]["conversation"]["create"]["model"] == "openai/tiny"


@pytest.mark.parametrize("term", ["dumb", "unknown", "Dumb", ""])
def test_terminal_that_cannot_draw_gets_it_unasked(
    term: str, server: FakeServer, environment: dict[str, str]
) -> None:
    with OnTerminal({**environment, "TERM": term}) as terminal:
        terminal.read_until(b"you: ")
        terminal.type(b"/quit\n")
        assert terminal.wait() == 0
    assert b"cannot draw screens" in terminal.output
    assert b"\x1b" not in terminal.output


def test_new_conversation_is_made_by_its_first_line_that_gives_the_title(
    server: FakeServer, environment: dict[str, str]
) -> None:
    server.on("message.send", lambda sent: answer(sent, ["Hello"]))
    with OnTerminal(environment, "--plain") as terminal:
        for _ in range(2):
            terminal.read_until(b"you: ")
            terminal.type(b"hi there\n")
            terminal.read_until(b"done")
        terminal.read_until(b"you: ")
        terminal.type(b"/quit\n")
        assert terminal.wait() == 0
    places = [sent["conversation"] for sent in server.params_of("message.send")]
    assert len({place["id"] for place in places}) == 1
    assert all(place["create"]["origin"] == "tui" and "title" not in place["create"] for place in places)
    assert server.params_of("conversation.create") == []
    assert f"--conversation {places[0]['id']}".encode() in terminal.output


def test_leaving_without_a_question_leaves_no_conversation(
    server: FakeServer, environment: dict[str, str]
) -> None:
    with OnTerminal(environment, "--plain") as terminal:
        terminal.read_until(b"you: ")
        terminal.type(b"/quit\n")
        assert terminal.wait() == 0
    assert b"nothing was asked" in terminal.output
    assert server.params_of("message.send") == server.params_of("conversation.create") == []


def test_continue_goes_on_with_the_last_conversation(server: FakeServer, environment: dict[str, str]) -> None:
    server.on("conversation.list", {"items": [conversation()], "next": None})
    with OnTerminal(environment, "--plain", "-c") as terminal:
        terminal.read_until(FIRST.encode())
        terminal.read_until(b"you: ")
        terminal.type(b"/quit\n")
        assert terminal.wait() == 0
    assert server.params_of("conversation.create") == []


def test_failure_is_said_and_the_chat_goes_on(server: FakeServer, environment: dict[str, str]) -> None:
    with OnTerminal(environment, "--plain") as terminal:
        terminal.read_until(b"you: ")
        terminal.type(b"hi\n")
        terminal.read_until(b"no whole answer")
        terminal.read_until(b"you: ")
        terminal.type(b"/quit\n")
        assert terminal.wait() == 0


def test_many_interrupts_drop_lines_and_nothing_else(server: FakeServer, environment: dict[str, str]) -> None:
    server.on("message.send", lambda sent: answer(sent, ["still here"]))
    with OnTerminal(environment, "--plain") as terminal:
        terminal.read_until(b"you: ")
        for _ in range(50):
            terminal.type(b"h")
            terminal.read_until(b"h")
            terminal.type(b"\x03\x03")
            terminal.read_until(b"line dropped")
            terminal.read_until(b"you: ")
        terminal.type(b"hi\n")
        terminal.read_until(b"still here\r\ndone")
        terminal.type(b"/quit\n")
        assert terminal.wait() == 0


def test_termination_while_a_line_is_typed(server: FakeServer, environment: dict[str, str]) -> None:
    with OnTerminal(environment, "--plain") as terminal:
        terminal.read_until(b"you: ")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait() == 143
        assert terminal.modes == terminal.before


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Heard)])
def test_signal_that_the_editor_sleeps_through_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, raised: type[BaseException]
) -> None:
    """What the interpreter does of itself when a signal comes has been done; its handler has not run."""

    def sleep(prompt: str) -> str:
        wakeup = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(wakeup)
        os.write(wakeup, bytes([number]))
        threading.Event().wait(30)
        return "slept through it"

    def hear(number: int, frame: FrameType | None) -> None:
        raise Heard

    monkeypatch.setattr("builtins.input", sleep)
    before = signal.signal(signal.SIGTERM, hear)
    try:
        with pytest.raises(raised):
            read_line("you: ")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert signal.set_wakeup_fd(-1) == -1


def test_line_that_is_read_leaves_signals_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: "a line")
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    threads = threading.active_count()
    assert read_line("you: ") == "a line"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert threading.active_count() == threads
