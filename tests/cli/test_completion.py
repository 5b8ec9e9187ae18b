"""Completion: candidates for every kind of word, and scripts that evaluate nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run
from tests.cli.fake_server import FakeServer
from tests.cli.samples import FIRST, HOSTILE_TITLE, PROJECT, PROMPT, conversation


@pytest.fixture
def stocked(server: FakeServer) -> FakeServer:
    server.on("conversation.list", {"items": [conversation(title=HOSTILE_TITLE)], "next": None})
    server.on("model.list", {"items": [{"id": "openai/tiny"}, {"id": "guide/guide"}], "default": None})
    server.on("project.list", {"items": [PROJECT], "next": None})
    server.on("prompt.list", {"items": [PROMPT], "next": None})
    server.on("provider.list", {"items": [{"name": "openai"}]})
    return server


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["as"], ["ask"]),
        (["chats", "re"], ["rename", "restore"]),
        (["ask", "--ep"], ["--ephemeral"]),
        (["ask", "--help"], ["--help"]),
        (["--version"], ["--version"]),
        (["ask", "-m", ""], ["openai/tiny", "guide/guide"]),
        (["ask", "-m", "op"], ["openai/tiny"]),
        (["-m", "gu"], ["guide/guide"]),
        (["ask", "--project", ""], ["garden"]),
        (["ask", "--conversation", "l"], ["last"]),
        (["chats", "show", ""], ["last", FIRST]),
        (["prompts", "show", "r"], ["review"]),
        (["providers", "test", ""], ["openai"]),
        (["chats", "export", "--format", "j"], ["json", "jsonl"]),
        (["ask", "--model=op"], ["--model=openai/tiny"]),
        (["ask", "--json=t"], []),
        (["chats", "rename", "l"], ["last"]),
        (["chats", "rename", "last", "l"], []),
        (["config", "set", "mod"], ["model"]),
        (["config", "set", "model", "m"], []),
        (["ask", "some", "words", ""], []),
    ],
)
def test_candidates(stocked: FakeServer, run: Run, words: list[str], found: list[str]) -> None:
    result = run(*words, _CHATTY_COMPLETE="1")
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == found
    assert (result.returncode, result.stderr) == (0, "")


def test_titles_are_sanitised_explanations(stocked: FakeServer, run: Run) -> None:
    lines = run("chats", "show", "0190", _CHATTY_COMPLETE="1").stdout.splitlines()
    assert lines == [f"{FIRST}\tPlans for the ‹U+202E›world 2nd line"]


def test_without_a_server_names_are_nothing_and_none_is_started(run: Run, home: Path) -> None:
    result = run("ask", "-m", "", _CHATTY_COMPLETE="1")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(home.iterdir()) == []


def test_install_puts_the_script_where_the_shell_looks(run: Run, home: Path) -> None:
    for shell, place in (
        ("bash", ".local/share/bash-completion/completions/chatty"),
        ("zsh", ".local/share/zsh/site-functions/_chatty"),
        ("fish", ".config/fish/completions/chatty.fish"),
    ):
        assert run("completion", "install", shell).returncode == 0
        assert (home / place).read_text() == run("completion", "show", shell).stdout
    assert run("completion", "show", SHELL="/bin/tcsh").returncode == 2
    assert "for bash" in run("completion", "show", SHELL="/usr/bin/bash").stdout


@pytest.mark.parametrize(
    ("typed", "inserted"),
    [
        ("chatty chats sh", ["show"]),
        ("chatty ask -m lab/llama3:8", ["8b"]),
        ("chatty ask --model=lab/l", ["lab/llama3:8b"]),
        ("chatty ask -m lab/ev", [r"lab/ev\$\(touch\ x\)\`id\`"]),
        ("chatty ask -m 'lab/ev", ["lab/ev$(touch x)`id`"]),
        ('chatty ask -m "lab/ev', [r"lab/ev\$(touch x)\`id\`"]),
        ("chatty projects show my", [r"my\ garden\;"]),
        (r"chatty projects show my\ g", [r"my\ garden\;"]),
        ('chatty projects show "my g', ["my garden;"]),
        ("chatty projects show evil", ["evil"]),
    ],
)
def test_bash_inserts_what_it_may_not_evaluate(
    stocked: FakeServer, run: Run, environment: dict[str, str], typed: str, inserted: list[str]
) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    names = ("my garden;", "evil\x1b[31m")
    stocked.on("project.list", {"items": [{**PROJECT, "name": name} for name in names], "next": None})
    models = [{"id": "lab/llama3:8b"}, {"id": "lab/ev$(touch x)`id`"}]
    stocked.on("model.list", {"items": models, "default": None})
    script = run("completion", "show", "bash").stdout
    program = f'chatty() {{ "{sys.executable}" -m chatty "$@"; }}\n'
    asked = '_chatty_complete; printf "%s\\n" "${COMPREPLY[@]}"\n'
    result = subprocess.run(
        [bash, "--norc", "-c", program + script + asked],
        env={
            **environment,
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
            "COMP_LINE": typed,
            "COMP_POINT": str(len(typed)),
            "COMP_WORDBREAKS": " \t\n\"'@><=;|&(:",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.stdout.splitlines(), result.stderr) == (inserted or [""], "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_read_by_their_shells(run: Run, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    script = run("completion", "show", shell).stdout
    result = subprocess.run(
        [program, "-n", "/dev/stdin"], input=script, capture_output=True, text=True, timeout=30
    )
    assert (result.returncode, result.stderr) == (0, "")
