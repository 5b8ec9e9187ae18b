"""``chatty ask`` in pipes: what is sent, what comes out, how it ends."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.fake_server import USAGE, FakeServer, Json, Refusal, accepted, answer, delta, event, finished


def answering(*pieces: str) -> Any:
    return lambda sent: answer(sent, list(pieces))


def test_answer_reaches_a_pipe_verbatim_and_nothing_is_added(server: FakeServer, run: Run) -> None:
    text = ["# A\n\n", "line \x1b[31m ", "wörld 🏳️‍🌈" * 40, " end"]
    server.on("message.send", answering(*text))
    result = run("ask", "hello")
    assert (result.returncode, result.stdout, result.stderr) == (0, "".join(text), "")


@pytest.mark.parametrize(
    ("pieces", "reason", "word"),
    [(["half"], "length", "length"), (["half"], "content_filter", "filter"), ([], "stop", "nothing")],
)
def test_answer_that_may_not_look_complete_is_remarked_on(
    server: FakeServer, run: Run, pieces: list[str], reason: str, word: str
) -> None:
    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield from (delta(sent, 0, piece) for piece in pieces)
        yield finished(sent, finish_reason=reason)

    server.on("message.send", script)
    result = run("ask", "hello")
    assert (result.returncode, result.stdout) == (0, "".join(pieces))
    assert result.stderr.startswith("chatty: ")
    assert word in result.stderr
    assert run("ask", "hello", "--json").stderr == ""


def test_words_piped_text_and_files_become_parts(server: FakeServer, run: Run, tmp_path: Path) -> None:
    server.on("message.send", answering("ok"))
    notes = tmp_path / "notes.txt"
    notes.write_text("some notes")
    run("ask", "what", "is", "this?", "-f", str(notes), input="a diff")
    (sent,) = server.params_of("message.send")
    assert sent["parts"] == [
        {"type": "text", "text": "what is this?"},
        {"type": "text", "text": "a diff", "name": "stdin"},
        {"type": "text", "text": "some notes", "name": str(notes)},
    ]


def test_piped_text_alone_is_the_question(server: FakeServer, run: Run) -> None:
    server.on("message.send", answering("ok"))
    run("ask", input="why?")
    assert server.params_of("message.send")[0]["parts"] == [{"type": "text", "text": "why?"}]


def test_dash_places_standard_input_among_the_files(server: FakeServer, run: Run) -> None:
    server.on("message.send", answering("ok"))
    run("ask", "explain", "-f", "-", input="piped")
    assert server.params_of("message.send")[0]["parts"][1] == {
        "type": "text",
        "text": "piped",
        "name": "stdin",
    }


def test_no_stdin_leaves_standard_input_alone(server: FakeServer, run: Run) -> None:
    server.on("message.send", answering("ok"))
    run("ask", "explain", "--no-stdin", input="not this")
    assert server.params_of("message.send")[0]["parts"] == [{"type": "text", "text": "explain"}]


def test_options_become_the_run_and_the_new_conversation(server: FakeServer, run: Run) -> None:
    server.on("message.send", answering("ok"))
    run(
        *("ask", "hi", "-m", "openai/tiny", "-s", "Be brief.", "--ephemeral"),
        *("-o", "temperature=0.2", "-o", "stop=END", "--max-tokens", "9", "--timeout", "30"),
    )
    (sent,) = server.params_of("message.send")
    made = sent["conversation"]["create"]
    assert made == {"origin": "script", "ephemeral": True, "model": "openai/tiny", "system": "Be brief."}
    assert sent["run"]["params"] == {"temperature": 0.2, "stop": "END", "max_tokens": 9}
    assert (sent["run"]["model"], sent["run"]["timeout_seconds"]) == ("openai/tiny", 35.0)
    assert (sent["mode"], sent["subscribe"]) == ("append", True)


def test_project_is_found_by_name_and_its_model_goes_before_the_default(server: FakeServer, run: Run) -> None:
    project = {"id": "01900000-0000-7000-8000-000000000001", "name": "garden", "default_model": "groq/x"}
    server.on("project.list", lambda p: {"items": [] if p.get("archived") else [project], "next": None})
    server.on("project.get", {"project": project})
    server.on("message.send", answering("ok"))
    run("ask", "hi", "--project", "garden", CHATTY_MODEL="openai/tiny")
    (sent,) = server.params_of("message.send")
    assert sent["conversation"]["create"]["project_id"] == project["id"]
    assert "model" not in sent["run"]


def test_default_model_comes_from_the_environment(server: FakeServer, run: Run) -> None:
    server.on("message.send", answering("ok"))
    run("ask", "hi", CHATTY_MODEL="openai/tiny")
    assert server.params_of("message.send")[0]["run"]["model"] == "openai/tiny"


LATEST = {
    "id": "01900000-0000-7000-8000-00000000000a",
    "title": "t",
    "model": "openai/tiny",
    "message_count": 2,
}


def test_continue_goes_on_with_the_newest_conversation(server: FakeServer, run: Run) -> None:
    server.on("conversation.list", {"items": [LATEST], "next": None})
    server.on("message.send", answering("ok"))
    assert run("ask", "-c", "more", CHATTY_MODEL="groq/x").returncode == 0
    (sent,) = server.params_of("message.send")
    assert sent["conversation"] == {"id": LATEST["id"]}
    assert "model" not in sent["run"], "the conversation's own model is not overruled by a default"


def test_continue_without_any_conversation_is_not_found(server: FakeServer, run: Run) -> None:
    server.on("conversation.list", {"items": [], "next": None})
    assert run("ask", "-c", "more").returncode == 5


def test_json_is_one_object_with_every_field(server: FakeServer, run: Run) -> None:
    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "thinking", t="reasoning")
        yield delta(sent, 0, "esc \x1b[0m \x9b \u202e done", p=1)
        yield finished(sent)

    server.on("message.send", script)
    result = run("ask", "hi", "--json")
    value = json.loads(result.stdout)
    (sent,) = server.params_of("message.send")
    timing = value.pop("timing")
    assert value == {
        "conversation_id": sent["conversation"]["id"],
        "message_id": sent["run"]["reply_id"],
        "run_id": sent["run"]["id"],
        "model": "tiny",
        "provider": "openai",
        "text": "esc \x1b[0m \x9b \u202e done",
        "parts": [
            {"type": "reasoning", "text": "thinking"},
            {"type": "text", "text": "esc \x1b[0m \x9b \u202e done"},
        ],
        "finish_reason": "stop",
        "usage": USAGE,
    }
    assert timing["total_ms"] >= timing["first_token_ms"] >= 0
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in result.stdout[:-1])
    assert "\u202e" not in result.stdout


def test_jsonl_prints_notifications_as_they_come(server: FakeServer, run: Run) -> None:
    server.on("message.send", answering("a", "b"))
    lines = [json.loads(line) for line in run("ask", "hi", "--jsonl").stdout.splitlines()]
    assert [line["method"] for line in lines] == ["event", "event", "delta", "delta", "event", "event"]
    assert [line["params"]["d"] for line in lines if line["method"] == "delta"] == ["a", "b"]


def test_repeated_and_overlapping_deltas_are_printed_once(server: FakeServer, run: Run) -> None:
    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "one ")
        yield delta(sent, 0, "one ")
        yield delta(sent, 2, "e two")
        yield finished(sent)

    server.on("message.send", script)
    assert run("ask", "hi").stdout == "one two"


def test_a_gap_is_read_from_the_server(server: FakeServer, run: Run) -> None:
    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "one ")
        yield delta(sent, 8, "three")
        data = {"message_id": sent["run"]["reply_id"], "part": 0, "type": "text", "len": 13, "g": 0}
        yield event(sent["conversation"]["id"], "part.completed", **data)
        yield finished(sent)

    server.on("message.send", script)
    server.on(
        "part.read",
        lambda p: {
            "type": "text",
            "text": "one two three"[p["from"] :],
            "len": 13,
            "g": 0,
            "status": "completed",
        },
    )
    assert run("ask", "hi").stdout == "one two three"


def test_text_of_a_withdrawn_attempt_is_parted_from_the_next(server: FakeServer, run: Run) -> None:
    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "wrong")
        data = {"message_id": sent["run"]["reply_id"], "part": 0, "g": 1, "len": 0, "reason": "retry"}
        yield event(sent["conversation"]["id"], "part.reset", **data)
        yield delta(sent, 0, "late", g=0)
        yield delta(sent, 0, "right", g=1)
        yield finished(sent)

    server.on("message.send", script)
    result = run("ask", "hi")
    assert result.stdout == "wrong\nright"
    assert "started over" in result.stderr
    assert run("ask", "hi", "--no-stream").stdout == "right"
    assert json.loads(run("ask", "hi", "--json").stdout)["text"] == "right"


def test_answer_that_cannot_be_kept_yet_is_waited_for_in_so_many_words(server: FakeServer, run: Run) -> None:
    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "whole")
        error = {"type": "storage/full", "message": "the disk is full: /d/chatty.db. Free some space."}
        params = {"topic": "conversation", "type": "run.not_kept", "data": {"error": error}}
        yield {"method": "signal", "params": params}
        yield {"method": "signal", "params": params}
        yield finished(sent)

    server.on("message.send", script)
    result = run("ask", "hi")
    assert (result.returncode, result.stdout) == (0, "whole")
    assert result.stderr.count("the answer cannot be kept yet") == 1
    assert "the disk is full: /d/chatty.db" in result.stderr


def test_detach_prints_the_conversation_and_does_not_wait(server: FakeServer, run: Run) -> None:
    server.on("message.send", lambda sent: accepted(sent)["result"])
    result = run("ask", "hi", "--detach")
    (sent,) = server.params_of("message.send")
    assert (result.returncode, result.stdout) == (0, sent["conversation"]["id"] + "\n")
    assert sent["subscribe"] is False


def test_timing_is_said_on_standard_error(server: FakeServer, run: Run) -> None:
    server.on("message.send", answering("ok"))
    result = run("ask", "hi", "--timing")
    assert result.stdout == "ok"
    assert result.stderr.startswith("chatty: first text after ")
    assert "3 tokens in, 2 out" in result.stderr


FAILURES = [
    ("provider/auth", 3),
    ("provider/overloaded", 3),
    ("provider/rate_limited", 6),
    ("unauthenticated/expired", 4),
    ("forbidden/role", 4),
    ("not_found", 5),
    ("rate_limited", 6),
    ("quota_exceeded/cost", 6),
    ("unavailable/draining", 7),
    ("conflict/run_active", 9),
    ("storage/full", 10),
    ("invalid_params/model_ambiguous", 2),
    ("internal", 1),
]


@pytest.mark.parametrize(("error_type", "code"), FAILURES)
def test_refusal_ends_with_one_line_and_its_code(
    server: FakeServer, run: Run, error_type: str, code: int
) -> None:
    def refuse(sent: Json) -> Json:
        raise Refusal(error_type, "No \x1b[31mway\nat all")

    server.on("message.send", refuse)
    result = run("ask", "hi")
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith("chatty: No way at all")
    assert result.stderr.count("\n") == 1
    shown = json.loads(run("ask", "hi", "--json").stdout)
    assert shown["error"]["type"] == error_type
    assert shown["text"] == ""


def test_ambiguous_model_names_the_command_that_chooses(server: FakeServer, run: Run) -> None:
    def refuse(sent: Json) -> Json:
        raise Refusal("invalid_params/model_ambiguous", "several providers have a key")

    server.on("message.send", refuse)
    assert "chatty config set model" in run("ask", "hi").stderr


def test_failed_run_keeps_what_came_and_says_why(server: FakeServer, run: Run) -> None:
    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "half an ans")
        error = {"type": "provider/stream_broken", "message": "The provider hung up.", "retryable": True}
        yield finished(sent, "failed", error=error)

    server.on("message.send", script)
    result = run("ask", "hi")
    assert (result.returncode, result.stdout) == (3, "half an ans")
    assert result.stderr == "chatty: The provider hung up. (trying again may help)\n"
    shown = json.loads(run("ask", "hi", "--json").stdout)
    assert (shown["text"], shown["error"]["type"]) == ("half an ans", "provider/stream_broken")


def test_server_that_leaves_in_the_middle_is_unreachable(server: FakeServer, run: Run) -> None:
    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "half")

    server.on("message.send", script)
    result = run("ask", "hi")
    assert (result.returncode, result.stdout) == (7, "half")
    assert "chatty chats show" in result.stderr


def test_unreachable_server_is_one_object_too(run: Run, home: Path) -> None:
    result = run("ask", "hi", "--json", CHATTY_SERVER=f"unix:{home}/nobody.sock")
    value = json.loads(result.stdout)
    assert (result.returncode, result.stderr) == (7, "")
    assert value["error"]["type"] == "connection/refused"
    assert (value["text"], value["usage"]) == ("", None)


def test_timeout_cancels_the_run_and_keeps_what_came(server: FakeServer, run: Run) -> None:
    import threading

    cancelled = threading.Event()

    def script(sent: Json) -> Iterator[Json]:
        yield accepted(sent)
        yield delta(sent, 0, "so far")
        assert cancelled.wait(20)
        yield finished(sent, "cancelled")

    def cancel(params: Json) -> Json:
        cancelled.set()
        return {"status": "cancelling"}

    server.on("message.send", script)
    server.on("run.cancel", cancel)
    result = run("ask", "hi", "--timeout", "0.4")
    assert (result.returncode, result.stdout) == (124, "so far")
    assert "within 0.4 s" in result.stderr


WRONG = [
    ["ask"],
    ["ask", "  "],
    ["ask", "hi", "--json", "--jsonl"],
    ["ask", "hi", "-c", "--conversation", "last"],
    ["ask", "hi", "--conversation", ""],
    ["--conversation", ""],
    ["--plain", "--conversation", ""],
    ["ask", "hi", "--ephemeral", "-c"],
    ["ask", "hi", "--ephemeral", "--detach"],
    ["ask", "hi", "--project", "p", "-c"],
    ["ask", "hi", "-o", "nonsense"],
    ["ask", "hi", "-f", "/nowhere/at/all"],
    ["ask", "hi", "--timeout", "0"],
    ["ask", "hi", "--frobnicate"],
    ["askk", "hi"],
]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_wrong_usage_is_one_line_and_asks_nothing(server: FakeServer, run: Run, words: list[str]) -> None:
    result = run(*words)
    assert (result.returncode, result.stdout.count("\n")) == (2, 1 if "--json" in words else 0)
    assert (result.stderr + result.stdout).count("\n") == 1
    assert server.requests == []


@pytest.mark.parametrize("content", [b"\x00binary", b"\xff\xfe text"])
def test_binary_file_is_refused(server: FakeServer, run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(content)
    result = run("ask", "hi", "-f", str(file))
    assert result.returncode == 2
    assert "not text" in result.stderr


@pytest.mark.parametrize("content", [b"\x00binary", b"\xff\xfe text"])
@pytest.mark.parametrize("words", [["ask", "hi"], ["ask"], ["ask", "hi", "-f", "-"]], ids=" ".join)
def test_binary_standard_input_is_refused(
    server: FakeServer, environment: dict[str, str], words: list[str], content: bytes
) -> None:
    command = [sys.executable, "-m", "chatty", *words]
    result = subprocess.run(command, env=environment, input=content, capture_output=True, timeout=30)
    assert (result.returncode, result.stdout, server.requests) == (2, b"", [])
    assert b"standard input is not text" in result.stderr
    assert b"nothing was sent" in result.stderr


def test_too_much_standard_input_is_refused(run: Run, server: FakeServer) -> None:
    result = run("ask", "hi", input="x" * ((16 << 20) + 1))
    assert result.returncode == 2
    assert "16 MiB" in result.stderr


def test_bytes_of_the_command_line_that_are_no_text_are_replaced(
    server: FakeServer, environment: dict[str, str]
) -> None:
    server.on("message.send", answering("ok"))
    words: list[str | bytes] = [sys.executable, "-m", "chatty", "ask", b"caf\xe9"]
    result = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    assert result.returncode == 0, result.stderr
    assert server.params_of("message.send")[0]["parts"][0]["text"] == "caf�"


def test_bug_prints_a_report_id_and_keeps_the_traceback(server: FakeServer, run: Run, home: Path) -> None:
    server.on("message.send", lambda sent: iter([accepted(sent), {"method": "delta", "params": {}}]))
    result = run("ask", "hi")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    (report,) = (home / "state" / "logs" / "reports").iterdir()
    assert report.stem in result.stderr
    assert "KeyError" in report.read_text()
    assert "Traceback" in run("ask", "hi", "--debug").stderr
