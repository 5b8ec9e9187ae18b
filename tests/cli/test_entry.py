"""The start of the program: what is answered before anything is loaded, and what loading costs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import chatty
from chatty.cli import help_pages
from chatty.cli.app import root_command
from tests.cli.conftest import Run
from tests.cli.fake_server import FakeServer, answer
from tests.cli.processes import OnTerminal

HEAVY = {
    "openai",
    "groq",
    "httpx",
    "pydantic",
    "sqlite_utils",
    "sqlite3",
    "keyring",
    "starlette",
    "textual",
    "rich",
    "asyncio",
    "websockets",
    "http.client",
    "platformdirs",
    "tomlkit",
    "markdown_it",
    "pygments",
}


def loaded(environment: dict[str, str], *words: str) -> set[str]:
    """Run the program in a process of its own and return the modules it had at the end."""
    program = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: sys.stderr.write(json.dumps(sorted(sys.modules))))\n"
        f"sys.argv = {['chatty', *words]!r}\n"
        "from chatty.__main__ import main\n"
        "main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(result.stderr))


def test_ask_loads_nothing_heavy(server: FakeServer, environment: dict[str, str]) -> None:
    server.on("message.send", lambda sent: answer(sent, ["hello"]))
    modules = loaded(environment, "ask", "hi")
    assert "chatty.client.oneshot" in modules
    assert modules & HEAVY == set()
    assert not any(name.startswith(("chatty.tui", "chatty.server", "chatty.store")) for name in modules)


def test_lists_load_nothing_heavy(server: FakeServer, environment: dict[str, str]) -> None:
    server.on("conversation.list", {"items": [], "next": None})
    assert loaded(environment, "chats", "list", "--json") & HEAVY == set()


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["chats", "list", "-h"]])
def test_version_and_help_load_no_typer(environment: dict[str, str], words: list[str]) -> None:
    modules = loaded(environment, *words)
    assert modules & (HEAVY | {"typer", "click", "inspect", "dataclasses", "typing"}) == set()


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"chatty {chatty.__version__}\n"


def test_pages_lying_ready_are_what_the_commands_say_now() -> None:
    """After changing a command: ``python -m chatty.cli.help_pages``."""
    lying = {path.name: path.read_text() for path in Path(help_pages.DIRECTORY).iterdir()}
    assert lying == help_pages.render_all()


def test_every_page_ends_with_one_example_of_its_own_command() -> None:
    for name, page in help_pages.render_all().items():
        example = page.rpartition("Example: ")[2]
        words = name.removesuffix(".txt").split("-")
        assert page.count("Example: ") == 1, name
        assert " ".join(words) in " ".join(example.split()), name
        assert max(map(len, page.splitlines())) <= 80, name


def test_every_example_is_a_command_line_that_is_understood() -> None:
    """Examples are parsed, not run: their words must be those of the command."""
    import shlex

    root = root_command()
    for page in help_pages.render_all().values():
        line = " ".join(page.rpartition("Example: ")[2].split())
        words = shlex.split(
            line.rpartition("| ")[2].removeprefix('eval "$(').removesuffix(')"').partition(">")[0]
        )
        assert words[0] == "chatty", line
        context = root.make_context("chatty", words[1:])
        command = root
        while hasattr(command, "get_command") and context._protected_args:
            name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
            context = command.make_context(name, rest, parent=context)


def test_help_of_a_command_that_is_not_there_is_wrong_usage(run: Run) -> None:
    assert run("frobnicate", "--help").returncode == 2


def test_help_behind_other_words_is_the_same_page(run: Run) -> None:
    assert run("ask", "some words", "--help").stdout == run("ask", "--help").stdout


def test_help_into_a_pipe_that_is_closed_is_quiet(environment: dict[str, str]) -> None:
    shell = f"{sys.executable} -m chatty --help | true; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", shell], env=environment, capture_output=True, timeout=30)
    assert (result.returncode in (0, 141), result.stderr) == (True, b"")


@pytest.mark.parametrize(("meant", "code"), [("01900000-9999", 5), ("nope", 2)])
def test_unknown_conversation_is_one_line_before_the_screen_opens(
    server: FakeServer, environment: dict[str, str], meant: str, code: int
) -> None:
    server.on("conversation.list", {"items": [], "next": None})
    with OnTerminal(environment, "--conversation", meant) as terminal:
        assert terminal.wait() == code
    assert terminal.output.count(b"\n") == 1
    assert terminal.output.startswith(b"chatty: ")
    assert meant.encode() in terminal.output


def test_options_of_the_client_before_a_command_are_not_ignored(server: FakeServer, run: Run) -> None:
    result = run("-m", "openai/tiny", "ask", "hi")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert server.requests == []


def test_server_before_a_command_is_the_server_of_the_command(run: Run, home: Path) -> None:
    result = run("--server", f"unix:{home}/nobody.sock", "chats", "list")
    assert result.returncode == 7


def test_error_without_any_command_is_json_when_asked(run: Run) -> None:
    result = run("nonsense", "--json")
    assert result.returncode == 2
    assert json.loads(result.stdout)["error"]["type"] == "invalid_params/usage"
