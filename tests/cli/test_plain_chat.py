"""``chatty --plain``: line by line, in words."""

from tests.cli.fake_server import FakeServer, answer
from tests.cli.processes import OnTerminal
from tests.cli.samples import FIRST, conversation


def test_chat_line_by_line(server: FakeServer, environment: dict[str, str]) -> None:
    server.on("conversation.create", {"conversation": conversation(title="New")})
    server.on("conversation.get", {"conversation": conversation(title="New")})
    server.on("message.send", lambda sent: answer(sent, ["Hello ", "\x1b[31myou"]))
    with OnTerminal(environment, "--plain", "-m", "openai/tiny") as terminal:
        terminal.read_until(b"you: ")
        terminal.type(b"hi there\n")
        terminal.read_until(b"done")
        terminal.read_until(b"you: ")
        terminal.type(b"\x04")
        assert terminal.wait() == 0
        assert terminal.modes == terminal.before
    assert b"asking\r\nHello you\r\ndone\r\n" in terminal.output
    assert b"\x1b[31m" not in terminal.output
    assert [part["text"] for part in server.params_of("message.send")[0]["parts"]] == ["hi there"]
    assert server.params_of("conversation.create")[0]["model"] == "openai/tiny"


def test_continue_goes_on_with_the_last_conversation(server: FakeServer, environment: dict[str, str]) -> None:
    server.on("conversation.list", {"items": [conversation()], "next": None})
    with OnTerminal(environment, "--plain", "-c") as terminal:
        terminal.read_until(FIRST.encode())
        terminal.read_until(b"you: ")
        terminal.type(b"/quit\n")
        assert terminal.wait() == 0
    assert server.params_of("conversation.create") == []


def test_failure_is_said_and_the_chat_goes_on(server: FakeServer, environment: dict[str, str]) -> None:
    server.on("conversation.create", {"conversation": conversation()})
    server.on("conversation.get", {"conversation": conversation()})
    with OnTerminal(environment, "--plain") as terminal:
        terminal.read_until(b"you: ")
        terminal.type(b"hi\n")
        terminal.read_until(b"no whole answer")
        terminal.read_until(b"you: ")
        terminal.type(b"/quit\n")
        assert terminal.wait() == 0
