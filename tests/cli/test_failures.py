"""How commands fail: the form the caller asked for, what is safe, and output that takes nothing."""

import json
import os
import signal
import subprocess
import sys

import pytest

from chatty import __main__ as program
from chatty.cli import entry
from chatty.cli.failures import error_form
from tests.cli.conftest import Run
from tests.cli.fake_server import FakeServer, Json, Refusal, accepted, answer
from tests.cli.processes import start

Environment = dict[str, str]

ANSWER_FIELDS = {
    "conversation_id",
    "message_id",
    "run_id",
    "model",
    "provider",
    "text",
    "parts",
    "finish_reason",
    "usage",
    "timing",
    "error",
}

needs_dev_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")


@pytest.mark.parametrize(
    ("words", "form"),
    [
        (["chats", "list"], "line"),
        (["chats", "list", "--json"], "object"),
        (["ask", "--json"], "answer"),
        (["--server", "ask", "chats", "--json"], "object"),
        (["--server", "local", "ask", "x", "--json"], "answer"),
        (["ask", "--jsonl"], "object"),
        (["ask", "--", "--json"], "line"),
    ],
)
def test_form_of_an_error_follows_the_words(words: list[str], form: str) -> None:
    assert error_form(words) == form


@pytest.mark.parametrize(
    "words",
    [
        ["--frobnicate"],
        ["hi", "-c", "--conversation", "last"],
        ["hi", "-o", "x"],
        ["hi", "--timeout", "0"],
        ["hi", "--timeout", "nan"],
        ["hi", "-o", "temperature=NaN"],
        ["hi", "-o", "temperature=1e999"],
        ["hi", "-m", ""],
        ["hi", "--project", ""],
        ["hi", "-f", ""],
        [],
    ],
    ids=" ".join,
)
def test_wrong_usage_of_ask_prints_the_whole_object(run: Run, words: list[str]) -> None:
    result = run("ask", "--json", *words)
    value = json.loads(result.stdout)
    assert (result.returncode, result.stderr, set(value)) == (2, "", ANSWER_FIELDS)
    assert value["error"]["type"] == "invalid_params/usage"


def test_bug_behind_ask_prints_the_whole_object(server: FakeServer, run: Run) -> None:
    server.on("message.send", lambda sent: iter([accepted(sent), {"method": "delta", "params": {}}]))
    value = json.loads(run("ask", "hi", "--json").stdout)
    assert (set(value), value["error"]["type"]) == (ANSWER_FIELDS, "internal/bug")


def test_refused_question_names_no_ids_and_says_that_nothing_was_sent(server: FakeServer, run: Run) -> None:
    def refuse(sent: Json) -> Json:
        raise Refusal("not_found", "there is no provider 'x'; add one: chatty providers add NAME")

    server.on("message.send", refuse)
    assert run("ask", "hi").stderr.endswith("chatty providers add NAME (nothing was sent)\n")
    value = json.loads(run("ask", "hi", "--json").stdout)
    assert (value["conversation_id"], value["message_id"], value["run_id"]) == (None, None, None)
    assert set(value) == ANSWER_FIELDS
    detached = json.loads(run("ask", "hi", "--json", "--detach").stdout)
    assert (detached["conversation_id"], detached["error"]["type"]) == (None, "not_found")


def test_question_that_may_have_arrived_keeps_its_ids(server: FakeServer, run: Run) -> None:
    server.on("message.send", lambda sent: iter([]))
    value = json.loads(run("ask", "hi", "--json").stdout)
    assert value["conversation_id"] in value["error"]["message"]
    detached = run("ask", "hi", "--detach")
    assert (detached.returncode, detached.stdout) == (7, "")
    assert "whether the question arrived shows: chatty chats show" in detached.stderr


def test_time_that_runs_out_before_sending_says_that_nothing_was_sent(environment: Environment) -> None:
    with start(environment, "ask", "hi", "--timeout", "0.3", stdin=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.wait(timeout=30) == 124
        assert b"nothing was sent" in process.stderr.read()


def test_early_error_in_events_is_one_line_with_the_error_alone(run: Run) -> None:
    result = run("ask", "hi", "--jsonl", "-f", "/nowhere/at/all")
    assert result.returncode == 2
    assert set(json.loads(result.stdout)) == {"error"}


def test_events_cannot_be_waited_for_by_whoever_leaves(server: FakeServer, run: Run) -> None:
    assert run("ask", "hi", "--jsonl", "--detach").returncode == 2
    assert server.requests == []


@needs_dev_full
@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["config", "path"], ["chats", "list", "--json"], ["nonsense", "--json"]],
)
def test_full_disk_under_any_output_is_one_line_and_a_storage_error(
    server: FakeServer, environment: Environment, words: list[str]
) -> None:
    server.on("conversation.list", {"items": [], "next": None})
    with open("/dev/full", "wb") as full, start(environment, *words, stdout=full.fileno()) as process:
        _, notes = process.communicate(timeout=30)
    assert (process.returncode, notes.count(b"\n")) == (10, 1)
    assert notes.startswith(b"chatty: standard output cannot be written")


@needs_dev_full
@pytest.mark.parametrize("form", [[], ["--json"], ["--jsonl"]], ids=str)
def test_full_disk_under_an_answer_says_where_the_answer_is(
    server: FakeServer, environment: Environment, form: list[str]
) -> None:
    server.on("message.send", lambda sent: answer(sent, ["text"]))
    with (
        open("/dev/full", "wb") as full,
        start(environment, "ask", "hi", *form, stdout=full.fileno()) as process,
    ):
        _, notes = process.communicate(timeout=30)
    assert (process.returncode, notes.count(b"\n")) == (10, 1)
    if not form:
        assert b"what came is kept: chatty chats show" in notes


def test_ctrl_c_while_modules_load_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def struck(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "run", struck)
    monkeypatch.setattr(sys, "argv", ["chatty", "ask", "hi"])
    handler = signal.getsignal(signal.SIGINT)
    try:
        assert program.main() == 130
    finally:
        signal.signal(signal.SIGINT, handler)
    assert capfd.readouterr() == ("", "chatty: interrupted; nothing had begun\n")


def test_thing_that_is_not_there_names_the_list(server: FakeServer, run: Run) -> None:
    def refuse(params: Json) -> Json:
        raise Refusal("not_found", "there is no such conversation", details={"kind": "conversation"})

    server.on("conversation.get", refuse)
    result = run("chats", "show", "01a1f95a-0000-7000-8000-000000000000")
    assert (result.returncode, result.stderr) == (
        5,
        "chatty: there is no such conversation (see: chatty chats list)\n",
    )
