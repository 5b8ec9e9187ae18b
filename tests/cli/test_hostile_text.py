"""The corpus of hostile text against everything the command line writes for a person.

A sink holds when the bytes it writes to a terminal for hostile text are the bytes it writes there for the
sanitised form of that text. The commands run in this process with a terminal for their streams, as they are
but for the server's answers; a sample runs as the whole program. Into a pipe an answer goes verbatim: there
is no terminal to harm.
"""

import json
import os
import pty
import re
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatty.cli import confirmation, entry, failures
from chatty.cli.ask.markdown_printer import MarkdownText
from chatty.cli.ask.printers import JsonLines, SanitisedText
from chatty.cli.chats import export, import_, rename, search, show
from chatty.cli.chats import list as chats_list
from chatty.cli.completion import candidates
from chatty.cli.config import path as config_path
from chatty.cli.doctor import command as doctor
from chatty.cli.doctor import finding
from chatty.cli.errors import Leave
from chatty.cli.exit_codes import ExitCode
from chatty.cli.models import list as models_list
from chatty.cli.models import show as models_show
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.output.streams import write_note, write_out
from chatty.cli.output.tables import print_table
from chatty.cli.projects import list as projects_list
from chatty.cli.projects import show as projects_show
from chatty.cli.prompts import list as prompts_list
from chatty.cli.prompts import show as prompts_show
from chatty.cli.prompts import versions as prompts_versions
from chatty.cli.providers import list as providers_list
from chatty.cli.providers import test as providers_test
from chatty.cli.server import logs, status
from chatty.cli.session import Session
from chatty.protocol.errors import ProtocolError
from chatty.rendering.sanitizer import sanitize
from tests.cli.fake_server import FakeServer, Json, accepted, answer, finished
from tests.cli.processes import OnTerminal
from tests.cli.samples import AT, FIRST, PROJECT, PROMPT, conversation, message
from tests.rendering.terminal_corpus import CASES
from tests.rendering.terminal_oracle import first_violation

Sink = Callable[[str], None]

HOSTILE = [case.text if sanitize(case.text).strip() else f"a{case.text}" for case in CASES]
"""The corpus, with something to see in every text: what is empty is left out, or said as a dash."""


_END = b"<the terminal's last word>"


@contextmanager
def terminal(typed: bytes = b"") -> Iterator[list[bytes]]:
    """Give this process a terminal for its three streams; the list holds what was written to it."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    modes = termios.tcgetattr(slave)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, modes)
    os.write(master, typed)
    kept = [os.dup(number) for number in range(3)]
    written: list[bytes] = []
    reader = threading.Thread(target=_read, args=(master, written))
    reader.start()
    for number in range(3):
        os.dup2(slave, number)
    try:
        yield written
    finally:
        for number, descriptor in enumerate(kept):
            os.dup2(descriptor, number)
            os.close(descriptor)
        # What is under way is lost when the last writer closes: the reader has to have seen the end before.
        os.write(slave, _END)
        reader.join()
        os.close(slave)
        os.close(master)


def _read(master: int, written: list[bytes]) -> None:
    read = b""
    while not read.endswith(_END):
        read += os.read(master, 65536)
    written.append(read.removesuffix(_END))


def shown(sink: Sink, text: str) -> bytes:
    with terminal(b"n\n") as written:
        sink(text)
    return b"".join(written)


def settled(sink: Sink, text: str) -> bytes:
    """Return what stays: the first sketch of an answer is drawn over when its Markdown is understood."""
    return re.sub(rb"\A.*\x1b\[\d*A\r\x1b\[J", b"\x1b[?2026h", shown(sink, text), flags=re.DOTALL)


class Answers:
    """The server's answers with one text wherever a foreign one can stand."""

    def __init__(self) -> None:
        self.text = ""

    def call(self, method: str, params: Json, **_: object) -> Json:
        answers: dict[str, Callable[[str], Json]] = {
            "conversation.list": lambda t: {"items": [conversation(title=t)], "next": None},
            "conversation.get": lambda t: {"conversation": conversation(title=t)},
            "conversation.update": lambda t: {"conversation": conversation(title=t)},
            "search.query": lambda t: {
                "items": [{"conversation_id": FIRST, "title": t, "snippet": t, "at": AT}],
                "next": None,
            },
            "message.list": lambda t: {"messages": _messages(t), "has_older": False},
            "model.list": lambda t: {"items": [_model(t)], "default": t},
            "provider.list": lambda t: {"items": [_provider(t)], "next": None},
            "provider.test": lambda t: {"ok": False, "error": {"type": "provider/auth", "message": t}},
            "project.list": lambda t: {"items": [_project(t)], "next": None},
            "prompt.list": lambda t: {"items": [_prompt(t)], "next": None},
            "prompt.versions": lambda t: {"items": [_prompt(t)["latest"]], "next": None},
            "server.status": lambda t: {"state": t, "data_path": t, "uptime_seconds": 1},
        }
        return answers[method](self.text)


def _messages(text: str) -> list[Json]:
    named = {"type": "text", "text": text, "name": text, "status": "completed", "g": 0}
    asked = message(0, "user", text, author={"id": "u", "name": text}, parts=[named, named])
    error = {"type": "provider/auth", "message": text}
    return [asked, message(1, "assistant", text, provider=text, model=text, status="failed", error=error)]


def _model(text: str) -> Json:
    return {"id": text, "provider": text, "name": text, "is_ready": True, "is_default": False}


def _provider(text: str) -> Json:
    return {"name": text, "kind": text, "key_source": "missing", "default_model": text, "base_url": text}


def _project(text: str) -> Json:
    return {**PROJECT, "name": text, "instructions": text, "default_model": text}


def _prompt(text: str) -> Json:
    latest = {**PROMPT["latest"], "body": text, "note": text, "variables": [text]}
    return {**PROMPT, "title": text, "name": text, "tags": [text], "latest": latest}


def asking(command: Callable[..., None], *arguments: Any, **more: Any) -> Sink:
    """Return the sink of a command: its answers hold the text."""

    def sink(text: str) -> None:
        answers.text = text
        try:
            command(*arguments, **more)
        except Leave:
            pass

    return sink


def raw_answer(text: str) -> None:
    printer = SanitisedText()
    printer.text(text)
    printer.finish()


def raw_answer_in_characters(text: str) -> None:
    printer = SanitisedText()
    for character in text:
        printer.text(character)
    printer.finish()


def markdown_answer(text: str) -> None:
    printer = MarkdownText()
    printer._printer.append(text)
    printer.finish()


def markdown_answer_in_characters(text: str) -> None:
    printer = MarkdownText()
    for character in text[:300]:
        printer.text(character)
    printer.finish()


def failure(text: str) -> None:
    failures.say_failure(ProtocolError("provider/auth", text), "line")


def traceback(text: str) -> None:
    entry._print_traceback(ProtocolError("internal", text))


def log(text: str) -> None:
    file = Path(os.environ["CHATTY_HOME"]) / "state" / "logs" / "server.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", errors="replace", newline="")
    logs.show_logs(follow=False, lines=100_000)


def question(text: str) -> None:
    with pytest.raises(ProtocolError):
        confirmation.confirm("Remove {} for good?", text, is_given=False)


def completion(text: str) -> None:
    class Command:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(candidates.VARIABLE, "1")
        patch.setattr(candidates, "candidates", lambda command, words: [(text, text)])
        candidates.complete_if_asked(Command(), [])


def imported(text: str) -> None:
    tally = import_._Tally()
    tally.refuse(text, text, ExitCode.USAGE)
    import_._print(tally, dry_run=False)


answers = Answers()

SINKS: dict[str, Sink] = {
    "ask --raw": raw_answer,
    "ask --raw, character by character": raw_answer_in_characters,
    "ask": markdown_answer,
    "chats list": asking(chats_list.list_chats),
    "chats search": asking(search.search_chats, ["x"]),
    "chats show": asking(show.show_chat, FIRST),
    "chats rename": asking(rename.rename_chat, FIRST, ["x"]),
    "chats export": asking(export.export_chats, [FIRST]),
    "chats export to a device": asking(export.export_chats, [FIRST], output="/dev/stdout"),
    "chats export --format html": asking(export.export_chats, [FIRST], export.Format.HTML),
    "chats import": imported,
    "models list": asking(models_list.list_models),
    "models show": lambda text: asking(models_show.show_model, text)(text),
    "providers list": asking(providers_list.list_providers),
    "providers test": asking(providers_test.try_provider, "x"),
    "projects list": asking(projects_list.list_projects),
    "projects show": asking(projects_show.show_project, PROJECT["id"]),
    "prompts list": asking(prompts_list.list_prompts),
    "prompts show": asking(prompts_show.show_prompt, PROMPT["id"]),
    "prompts show --body": asking(prompts_show.show_prompt, PROMPT["id"], body=True),
    "prompts versions": asking(prompts_versions.list_versions, PROMPT["id"]),
    "server status": asking(status.show_status),
    "server logs": log,
    "doctor": lambda text: doctor._print(finding.warning("x", text, text)),
    "an error": failure,
    "a traceback": traceback,
    "a note": say,
    "an empty table": lambda text: print_table((), (), empty=text),
    "a question": question,
    "completion": completion,
}


@pytest.fixture(autouse=True)
def answered(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(Session, "call", lambda self, *words, **more: answers.call(*words, **more))
    monkeypatch.setenv("CHATTY_HOME", str(home))
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.mark.parametrize("sink", SINKS.values(), ids=SINKS)
def test_sink_writes_for_hostile_text_what_it_writes_for_its_sanitised_form(sink: Sink) -> None:
    texts = [text for text in HOSTILE if sink is not log or not has_surrogates(text)]
    written = {text: (settled(sink, text), settled(sink, sanitize(text))) for text in texts}
    assert {text: both for text, both in written.items() if both[0] != both[1]} == {}


@pytest.mark.parametrize("sink", SINKS.values(), ids=SINKS)
def test_sink_writes_nothing_that_only_foreign_text_can_have_put_there(sink: Sink) -> None:
    """Not even between the frames of an answer that is drawn character by character."""
    sink = markdown_answer_in_characters if sink is markdown_answer else sink
    for text in HOSTILE[::7]:
        assert first_violation(shown(sink, text).decode()) is None, text


@pytest.mark.parametrize("write", [write_out, write_note])
def test_guard_stands_behind_a_sink_that_forgot_to_sanitise(write: Sink) -> None:
    for text in HOSTILE:
        assert first_violation(shown(write, text).decode()) is None, text


@pytest.mark.parametrize("mode", ["\x1b[2J", "\x1b[?1049h", "\x1b[?25l", "\x07"])
def test_a_command_changes_no_modes_of_the_terminal(mode: str) -> None:
    def in_characters(text: str) -> None:
        for character in text:
            write_out(character)

    assert mode.encode() not in shown(write_out, mode)
    assert mode.encode() not in shown(in_characters, mode + "m")


@pytest.mark.parametrize("name", ["--json", "--jsonl"])
def test_json_escapes_what_a_terminal_could_obey_and_reads_back_the_same(name: str) -> None:
    def sink(text: str) -> None:
        if name == "--json":
            print_json({"text": text, text: 1})
        else:
            JsonLines().frame({"method": "delta", "params": {"d": text}})

    for text in HOSTILE:
        line = shown(sink, text).decode().replace("\r\n", "\n")
        assert is_harmless(line), text
        value = json.loads(line)
        read = value.get("text") or value["params"]["d"]
        assert read.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


def has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def is_harmless(line: str) -> bool:
    return line.endswith("\n") and not any(
        ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 or character in "\u2028\u2029\u202e\u2066"
        for character in line[:-1]
    )


def test_names_of_files_and_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name holds no slash and no NUL, and of what is no UTF-8 only what stands for single bytes."""
    for text in HOSTILE:
        if "\0" in text or "/" in text or has_surrogates(text):
            continue
        monkeypatch.setenv("CHATTY_HOME", "/a" + text)
        hostile = shown(lambda _: config_path.show_path(), "")
        monkeypatch.setenv("CHATTY_HOME", "/a" + sanitize(text))
        assert hostile == shown(lambda _: config_path.show_path(), ""), text


WHOLE_PROGRAM = [case for case in CASES if case.category != "surrogate"][::120]


@pytest.mark.parametrize("case", WHOLE_PROGRAM, ids=lambda case: case.name)
def test_whole_program_on_a_real_terminal(server: FakeServer, environment: dict[str, str], case: Any) -> None:
    def script(text: str) -> Callable[[Json], Iterator[Json]]:
        def send(sent: Json) -> Iterator[Json]:
            if sent["parts"][0]["text"] == "fail":
                yield accepted(sent)
                yield finished(sent, "failed", error={"type": "provider/bad_request", "message": text})
            else:
                yield from answer(sent, list(text))

        return send

    def drawn(text: str, *words: str) -> bytes:
        server.on("message.send", script(text))
        server.on("conversation.list", {"items": [conversation(title=text)], "next": None})
        with OnTerminal(environment, *words) as started:
            started.wait()
            return started.output

    clean = sanitize(case.text)
    for words in (["ask", "--raw", "hi"], ["ask", "fail"], ["chats", "list"]):
        assert drawn(case.text, *words) == drawn(clean, *words), words
    assert first_violation(drawn(case.text, "ask", "hi").decode()) is None
