"""``chatty projects``, ``prompts`` and ``models``."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.fake_server import FakeServer, Json
from tests.cli.golden import assert_golden
from tests.cli.processes import OnTerminal
from tests.cli.samples import AT, PROJECT, PROMPT


@pytest.fixture
def stocked(server: FakeServer) -> FakeServer:
    server.on("project.list", lambda p: {"items": [] if p.get("archived") else [PROJECT], "next": None})
    server.on("prompt.list", {"items": [PROMPT], "next": None})
    server.on("project.create", lambda p: {"project": {**PROJECT, "name": p["name"]}})
    server.on("project.update", {"project": PROJECT})
    server.on("prompt.create", {"prompt": PROMPT})
    server.on("prompt.update", {"prompt": PROMPT})
    for verb in ("archive", "restore", "delete"):
        server.on(f"project.{verb}", {})
    server.on("prompt.delete", {})
    server.on("prompt.versions", {"items": VERSIONS})
    return server


VERSIONS: list[Json] = [
    PROMPT["latest"],
    {"n": 1, "body": "Review {{code}}", "variables": ["code"], "note": None, "created_at": AT},
]


@pytest.mark.parametrize(
    "words",
    [
        ["projects", "list"],
        ["projects", "show", "garden"],
        ["prompts", "list"],
        ["prompts", "show", "review"],
        ["prompts", "versions", "review"],
    ],
    ids="-".join,
)
def test_reading_prints_the_golden_words(stocked: FakeServer, run: Run, words: list[str]) -> None:
    result = run(*words)
    assert (result.returncode, result.stderr) == (0, "")
    assert_golden("-".join(words[:2]) + ".txt", result.stdout)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["projects", "list"], {"items": [PROJECT], "next": None}),
        (["projects", "show", PROJECT["id"]], {"project": PROJECT}),
        (["prompts", "list"], {"items": [PROMPT], "next": None}),
        (["prompts", "show", "review"], {"prompt": PROMPT}),
        (["prompts", "versions", "review"], {"items": VERSIONS, "next": None}),
        (["projects", "archive", "garden"], {"id": PROJECT["id"], "status": "archived"}),
        (["projects", "restore", "garden"], {"id": PROJECT["id"], "status": "restored"}),
        (["projects", "delete", "garden", "--yes"], {"id": PROJECT["id"], "status": "deleted"}),
        (["prompts", "delete", "review", "--yes"], {"id": PROMPT["id"], "status": "deleted"}),
    ],
)
def test_json(stocked: FakeServer, run: Run, words: list[str], value: Json) -> None:
    assert json.loads(run(*words, "--json").stdout) == value


def asked(server: FakeServer, method: str) -> Json:
    """Return what was asked for, without the id that was minted for it."""
    (params,) = server.params_of(method)
    return {key: value for key, value in params.items() if key != "id"}


def test_new_project(stocked: FakeServer, run: Run) -> None:
    assert run("projects", "new", "garden", "--instructions", "Be brief.", "-m", "groq/x").returncode == 0
    expected = {"name": "garden", "instructions": "Be brief.", "default_model": "groq/x"}
    assert asked(stocked, "project.create") == expected


def test_edit_project_clears_with_an_empty_text_and_guards_the_version(stocked: FakeServer, run: Run) -> None:
    run("projects", "edit", "garden", "--instructions", "", "--name", "allotment")
    changes = {"name": "allotment", "instructions": None}
    assert asked(stocked, "project.update") == {"project_id": PROJECT["id"], "if_version": 4, **changes}
    assert run("projects", "edit", "garden").returncode == 2


def test_name_of_a_project_cannot_be_cleared(stocked: FakeServer, run: Run) -> None:
    assert run("projects", "edit", "garden", "--name", "").returncode == 2
    assert stocked.params_of("project.update") == []


def test_prompt_comes_from_an_option_a_file_or_a_pipe(stocked: FakeServer, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "p.md"
    file.write_text("from a file")
    run("prompts", "new", "a", "--body", "from an option", "--tag", "x", "--note", "why")
    run("prompts", "new", "b", "-f", str(file))
    run("prompts", "new", "c", input="from a pipe")
    made = stocked.params_of("prompt.create")
    assert [one["body"] for one in made] == ["from an option", "from a file", "from a pipe"]
    assert (made[0]["tags"], made[0]["note"]) == (["x"], "why")
    assert run("prompts", "new", "d", "--body", "x", "-f", str(file)).returncode == 2


@pytest.mark.parametrize("words", [["new", "other"], ["edit", "review"], ["new", "other", "--body", "  "]])
def test_empty_prompt_is_refused_before_it_is_sent(stocked: FakeServer, run: Run, words: list[str]) -> None:
    result = run("prompts", *words)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "the prompt is empty, so nothing was changed" in result.stderr
    assert stocked.params_of("prompt.create") == stocked.params_of("prompt.update") == []


def test_edit_prompt_sends_only_what_changes(stocked: FakeServer, run: Run) -> None:
    run("prompts", "edit", "review", "--title", "Other")
    assert asked(stocked, "prompt.update") == {"prompt_id": PROMPT["id"], "if_version": 7, "title": "Other"}


def test_prompt_is_written_in_the_editor(
    stocked: FakeServer, environment: dict[str, str], tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\ncat "$1" >> "$0.saw"\nprintf "edited" > "$1"\n')
    editor.chmod(0o755)
    with OnTerminal({**environment, "EDITOR": str(editor)}, "prompts", "edit", "review") as terminal:
        assert terminal.wait() == 0
    assert asked(stocked, "prompt.update")["body"] == "edited"
    assert Path(f"{editor}.saw").read_text() == PROMPT["latest"]["body"]


def test_ctrl_c_in_the_editor_is_the_editors(
    stocked: FakeServer, environment: dict[str, str], tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text(
        f"#!{sys.executable}\n"
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, lambda *_: open(sys.argv[1], 'w').write('kept') and sys.exit())\n"
        "print('editing', flush=True)\n"
        "signal.pause()\n"
    )
    editor.chmod(0o755)
    with OnTerminal(
        {**environment, "VISUAL": " ", "EDITOR": str(editor)}, "prompts", "edit", "review"
    ) as one:
        one.read_until(b"editing")
        one.type(b"\x03")
        assert one.wait() == 0
    assert asked(stocked, "prompt.update")["body"] == "kept"


@pytest.mark.parametrize(("editor", "word"), [(" ", "no editor"), ("vim 'x", "cannot be understood")])
def test_editor_that_is_none_is_said_in_one_line(
    stocked: FakeServer, environment: dict[str, str], editor: str, word: str
) -> None:
    with OnTerminal({**environment, "EDITOR": editor}, "prompts", "edit", "review") as terminal:
        assert terminal.wait() == 2
    assert word.encode() in terminal.output
    assert terminal.output.count(b"\n") == 1


def test_body_of_a_version_goes_verbatim_into_a_pipe(stocked: FakeServer, run: Run) -> None:
    assert run("prompts", "show", "review", "--body").stdout == "Review this:\n{{code}}"
    assert run("prompts", "show", "review", "--body", "--version", "1").stdout == "Review {{code}}"
    assert run("prompts", "show", "review", "--version", "9").returncode == 5


def test_deleting_asks_a_person_first(stocked: FakeServer, environment: dict[str, str]) -> None:
    for words in (["projects", "delete", "garden"], ["prompts", "delete", "review"]):
        method = f"{words[0][:-1]}.delete"
        with OnTerminal(environment, *words) as terminal:
            terminal.read_until(b"[y/N]")
            terminal.type(b"\n")
            assert terminal.wait() == 130
        assert stocked.params_of(method) == []
        with OnTerminal(environment, *words) as terminal:
            terminal.read_until(b"[y/N]")
            terminal.type(b"y\n")
            assert terminal.wait() == 0
        with OnTerminal(environment, *words, "--yes") as terminal:
            assert terminal.wait() == 0
        assert len(stocked.params_of(method)) == 2


def test_prompts_of_one_name_are_told_apart(stocked: FakeServer, run: Run) -> None:
    rows = [PROMPT, {**PROMPT, "id": PROJECT["id"], "project_id": PROJECT["id"]}]
    stocked.on("prompt.list", {"items": rows, "next": None})
    listed = run("prompts", "list").stdout.splitlines()
    assert [line.split()[1] for line in listed] == ["PROJECT", "-", "garden"]
    result = run("prompts", "show", "review")
    assert (result.returncode, "--project" in result.stderr) == (2, True)


def test_unknown_names_are_not_found(stocked: FakeServer, run: Run) -> None:
    assert run("projects", "show", "nowhere").returncode == 5
    assert run("prompts", "show", "nothing").returncode == 5


MODELS: list[dict[str, Any]] = [
    {
        "id": "openai/tiny",
        "provider": "openai",
        "name": "tiny",
        "context_tokens": 128000,
        "input_usd_per_million": 0.15,
        "output_usd_per_million": 0.6,
        "is_ready": True,
        "is_default": True,
    },
    {
        "id": "groq/b\x1b[1mold",
        "provider": "groq",
        "name": "bold",
        "context_tokens": None,
        "input_usd_per_million": None,
        "output_usd_per_million": None,
        "is_ready": False,
        "is_default": False,
    },
]


def test_models(server: FakeServer, run: Run) -> None:
    server.on("model.list", {"items": MODELS, "default": "openai/tiny"})
    assert_golden("models-list.txt", run("models").stdout)
    assert_golden("models-show.txt", run("models", "show", "openai/tiny").stdout)
    value = json.loads(run("models", "list", "--all", "--provider", "groq", "--json").stdout)
    assert value == {"items": MODELS, "next": None, "default": "openai/tiny", "unanswered": []}
    assert server.params_of("model.list")[-1] == {"all": True, "provider": "groq"}
    assert run("models", "show", "openai/none").returncode == 5


def test_model_chosen_for_this_shell_is_the_default(server: FakeServer, run: Run) -> None:
    server.on("model.list", {"items": [*MODELS, {**MODELS[0], "id": "lab/large"}], "default": "openai/tiny"})
    value = json.loads(run("models", "list", "--json", CHATTY_MODEL="lab/large").stdout)
    assert value["default"] == "lab/large"
    assert [item["id"] for item in value["items"] if item["is_default"]] == ["lab/large"]
    shown = json.loads(run("models", "show", "openai/tiny", "--json", CHATTY_MODEL="lab/large").stdout)
    assert not shown["model"]["is_default"]


def test_models_name_the_provider_that_did_not_say(server: FakeServer, run: Run) -> None:
    error = {"type": "provider/auth", "message": "lab did not accept the key."}
    missing = [{"provider": "lab", "error": error}]
    server.on("model.list", {"items": MODELS, "default": None, "unanswered": missing})
    result = run("models")
    assert (result.returncode, "lab did not accept the key." in result.stderr) == (0, True)
    assert "lab" not in result.stdout
    assert json.loads(run("models", "--json").stdout)["unanswered"] == missing


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "chatty providers add openai"),
        (["--provider", "groq"], "--provider groq --all"),
        (["--all"], "no models"),
    ],
)
def test_no_models_names_what_to_do(server: FakeServer, run: Run, words: list[str], said: str) -> None:
    server.on("model.list", {"items": [], "default": None})
    result = run("models", "list", *words)
    assert (result.returncode, result.stdout) == (0, "")
    assert said in result.stderr


def test_version_of_a_prompt_that_is_not_there_names_the_list_of_that_prompt(
    stocked: FakeServer, run: Run
) -> None:
    result = run("prompts", "show", "review", "--version", "9")
    assert result.returncode == 5
    assert result.stderr.endswith("see: chatty prompts versions review\n")


def test_prompt_from_a_pipe_that_is_no_text_is_refused(
    server: FakeServer, environment: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "chatty", "prompts", "new", "c"]
    result = subprocess.run(command, env=environment, input=b"\xff\xfe", capture_output=True, timeout=30)
    assert (result.returncode, server.params_of("prompt.create")) == (2, [])
    assert b"standard input is not text" in result.stderr
