"""The command line against the real server and a scripted vendor, each a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatty.client.force import identify
from tests.cli.conftest import ROOT, Run
from tests.cli.processes import OnTerminal, read_until, start

Environment = dict[str, str]


@pytest.fixture(scope="module")
def vendor() -> Iterator[str]:
    """Return the base URL of a vendor whose models' names say what they do."""
    command = [sys.executable, "-m", "tests.instruments.fake_upstream", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


@pytest.fixture
def environment(environment: Environment, vendor: str, home: Path) -> Iterator[Environment]:
    known = {**environment, "OPENAI_API_KEY": "some-key", "OPENAI_BASE_URL": vendor}
    yield known
    command = [sys.executable, "-m", "chatty", "server", "stop", "--force"]
    subprocess.run(command, env=known, capture_output=True, timeout=60, check=True)


def tokens(count: int) -> str:
    return "".join(f"t{number:04d} " for number in range(1, count + 1))


def last_reply(run: Run) -> dict[str, object]:
    shown = json.loads(run("chats", "show", "last", "--json").stdout)
    message: dict[str, object] = shown["messages"][-1]
    return message


def wait_until_idle(run: Run) -> None:
    until = time.monotonic() + 30
    while json.loads(run("server", "status", "--json").stdout)["active_runs"]:
        assert time.monotonic() < until, "a run is still active"


def test_first_question_starts_the_server_and_stop_ends_it(run: Run) -> None:
    assert run("ask", "-m", "guide", "how do I set a key?").returncode == 0
    assert json.loads(run("server", "status", "--json").stdout)["state"] == "serving"
    assert run("server", "stop").stdout == "stopped\n"
    assert json.loads(run("server", "status", "--json").stdout)["state"] == "stopped"


def test_answer_goes_through_a_pipe_whole_and_is_kept(run: Run) -> None:
    result = run("ask", "-m", "openai/tok200-delay0", "hello")
    assert (result.returncode, result.stdout, result.stderr) == (0, tokens(200), "")
    assert last_reply(run)["text"] == tokens(200)


def test_json_carries_usage_and_timing(run: Run) -> None:
    value = json.loads(run("ask", "-m", "openai/tok20-delay0", "--json", "hello").stdout)
    assert (value["text"], value["provider"], value["model"]) == (tokens(20), "openai", "tok20-delay0")
    assert value["finish_reason"] == "stop"
    fields = {
        "input_tokens",
        "cached_input_tokens",
        "output_tokens",
        "reasoning_tokens",
        "cost_usd",
        "estimated",
    }
    assert set(value["usage"]) == fields
    assert "error" not in value


def test_ctrl_c_keeps_what_came(environment: Environment, run: Run) -> None:
    with start(environment, "ask", "-m", "openai/tok2000-delay10", "hello") as process:
        assert process.stdout is not None
        out = read_until(process.stdout.fileno(), b"t0005")
        process.send_signal(signal.SIGINT)
        rest, notes = process.communicate(timeout=30)
    assert process.returncode == 130
    reply = last_reply(run)
    assert (reply["status"], reply["text"]) == ("cancelled", (out + rest).decode())
    assert b"what came is kept" in notes


def test_reader_that_leaves_stops_the_run(environment: Environment, run: Run) -> None:
    with start(environment, "ask", "-m", "openai/tok2000-delay10", "hello") as process:
        assert process.stdout is not None
        read_until(process.stdout.fileno(), b"t0005")
        process.stdout.close()
        assert process.wait(timeout=30) == 141
    wait_until_idle(run)
    assert last_reply(run)["status"] == "cancelled"


def test_killed_server_is_said_and_loses_nothing_it_accepted(environment: Environment, run: Run) -> None:
    with start(environment, "ask", "-m", "openai/tok2000-delay10", "hello") as process:
        assert process.stdout is not None
        read_until(process.stdout.fileno(), b"t0100")
        pid = json.loads(run("server", "status", "--json").stdout)["pid"]
        os.kill(pid, signal.SIGKILL)
        _, notes = process.communicate(timeout=30)
    assert (process.returncode, notes.count(b"\n")) == (7, 1)
    reply = last_reply(run)
    assert reply["status"] == "interrupted"
    assert str(reply["text"]).startswith("t0001 ")


@pytest.mark.parametrize(
    ("model", "code", "error_type"),
    [("openai/fault-429", 6, "provider/rate_limited"), ("openai/fault-401", 3, "provider/auth")],
)
def test_vendor_that_refuses(run: Run, model: str, code: int, error_type: str) -> None:
    result = run("ask", "-m", model, "--json", "--timeout", "50", "hello")
    assert (result.returncode, json.loads(result.stdout)["error"]["type"]) == (code, error_type)


def test_several_keys_and_no_choice_is_wrong_usage_that_names_the_way_out(run: Run) -> None:
    result = run("ask", "hello", GROQ_API_KEY="another")
    assert result.returncode == 2
    assert "chatty config set model" in result.stderr


def test_timeout_keeps_what_came(run: Run) -> None:
    result = run("ask", "-m", "openai/tok2000-delay10", "--timeout", "3", "hello")
    assert result.returncode == 124
    assert last_reply(run)["text"] == result.stdout


def test_detached_answer_is_written_by_the_server_alone(run: Run) -> None:
    conversation_id = run("ask", "-m", "openai/tok50-delay10", "--detach", "hello").stdout.strip()
    wait_until_idle(run)
    shown = json.loads(run("chats", "show", conversation_id, "--json").stdout)
    assert shown["messages"][-1]["text"] == tokens(50)


def test_ephemeral_leaves_nothing(run: Run, home: Path) -> None:
    assert run("ask", "-m", "openai/echo", "--ephemeral", "a secret word").returncode == 0
    assert json.loads(run("chats", "list", "--json").stdout)["items"] == []
    run("server", "stop")
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file() and not path.is_symlink())
    assert b"secret word" not in kept


def test_conversation_goes_on_and_its_life_can_be_undone(run: Run) -> None:
    run("ask", "-m", "openai/tok20-delay0", "first question")
    run("ask", "-c", "second question")
    shown = json.loads(run("chats", "show", "last", "--json").stdout)
    assert [message["role"] for message in shown["messages"]] == ["user", "assistant"] * 2
    found = json.loads(run("chats", "search", "second", "--json").stdout)
    assert found["items"][0]["conversation_id"] == shown["conversation"]["id"]
    undo = run("chats", "delete", "last").stdout.splitlines()[1].removeprefix("undo: chatty ").split()
    assert run("chats", "show", "last").returncode == 5
    assert run(*undo).returncode == 0
    assert run("chats", "show", "last").returncode == 0


def test_export_is_imported_into_another_home(run: Run, tmp_path: Path, environment: Environment) -> None:
    run("ask", "-m", "openai/tok20-delay0", "hello \x1b[31m world")
    file = tmp_path / "all.json"
    run("chats", "export", "last", "--format", "json", "-o", str(file))
    before = run("chats", "show", "last").stdout
    other = {"CHATTY_HOME": str(tmp_path / "o")}
    try:
        value = json.loads(run("chats", "import", str(file), "--json", **other).stdout)
        assert value == {"conversations": 1, "messages": 2, "skipped": 0, "errors": []}
        again = json.loads(run("chats", "import", str(file), "--json", **other).stdout)
        assert again == {"conversations": 0, "messages": 0, "skipped": 1, "errors": []}
        after = run("chats", "show", "last", **other).stdout
        assert after.splitlines()[4:] == before.splitlines()[4:]
    finally:
        run("server", "stop", "--force", **other)


def test_question_waits_for_the_answer_that_is_being_written(run: Run) -> None:
    """Detached, from the client, or from another terminal."""
    run("ask", "--detach", "-m", "openai/tok30-delay20", "first")
    assert run("ask", "-c", "-m", "openai/echo", "second").stdout == "second"
    shown = json.loads(run("chats", "show", "last", "--json").stdout)["messages"]
    assert [message["text"] for message in shown] == ["first", tokens(30), "second", "second"]


def test_markdown_streams_to_a_terminal_and_leaves_it_clean(environment: Environment) -> None:
    with OnTerminal(environment, "ask", "-m", "openai/md300-delay0", "hello") as terminal:
        assert terminal.wait() == 0
        assert terminal.modes == terminal.before
        assert terminal.output.endswith(b"\x1b[?2026l")


def test_broken_database_is_a_storage_error_with_its_path(run: Run, home: Path) -> None:
    data = home / "data"
    data.mkdir(mode=0o700)
    (data / "chatty.db").write_bytes(b"this is no database, " * 1000)
    result = run("ask", "-m", "guide", "hello")
    assert (result.returncode, result.stderr.count("\n")) == (10, 1)
    assert str(data) in result.stderr


def test_stopped_server_has_ended_when_the_command_returns(run: Run) -> None:
    pid = json.loads(run("server", "start", "--json").stdout)["pid"]
    assert run("server", "stop").stdout == "stopped\n"
    assert identify(pid) is None
