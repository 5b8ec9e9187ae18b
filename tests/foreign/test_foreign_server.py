"""chatty as it is used, against a server of OpenAI's protocol that nobody here wrote."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.homes import Home
from tests.foreign.conftest import ANSWER, ForeignServer

Shell = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell with `chatty` on its path and a home of its own; it types command lines word for word."""
    home, bin_dir = Home(str(tmp_path / "h")), tmp_path / "bin"
    bin_dir.mkdir()
    program = bin_dir / "chatty"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m chatty "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    environ = {
        **home.environ,
        "PATH": f"{bin_dir}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }

    def type_in(command: str, cwd: Path = tmp_path, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", "-c", command],
            env={**environ, **more},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    yield type_in
    home.clean_up()


@pytest.fixture
def lab(shell: Shell, foreign: ForeignServer) -> Shell:
    """The same, with the foreign server added as `lab`."""
    added = shell(
        f'printf %s "$KEY" | chatty providers add lab --base-url {foreign.url} --key-stdin --keep-in file',
        KEY=foreign.key,
    )
    assert added.returncode == 0, added.stderr
    return shell


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "notes.txt").write_text("first line\nnaïve 日本 😀\n")
    who = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    for words in (("init", "-q"), ("add", "notes.txt"), (*who, "commit", "-q", "-m", "Add notes")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def test_commit_is_summarised_through_a_pipe(lab: Shell, repository: Path) -> None:
    result = lab('git log -1 -p | chatty ask "summarise" --json -m lab/parrot', cwd=repository)
    assert result.returncode == 0, result.stderr
    value = json.loads(result.stdout)
    assert (value["text"], value["provider"], value["model"]) == (ANSWER, "lab", "parrot")
    assert value["finish_reason"] == "stop"
    usage = value["usage"]
    assert usage["input_tokens"] > 0
    assert usage["output_tokens"] > 0
    assert (usage["estimated"], usage["cost_usd"]) == (False, None)
    assert "error" not in value
    shown = json.loads(lab("chatty chats show last --json").stdout)
    assert [message["role"] for message in shown["messages"]] == ["user", "assistant"]
    assert "naïve 日本 😀" in json.dumps(shown["messages"][0], ensure_ascii=False)


def test_answer_streams_into_a_pipe(lab: Shell) -> None:
    result = lab("chatty ask hello -m lab/parrot | cat")
    assert result.stdout == f"{ANSWER}"


def test_models_of_the_endpoint_are_listed(lab: Shell) -> None:
    models = json.loads(lab("chatty models list --provider lab --json").stdout)["items"]
    assert {model["id"] for model in models} == {"lab/parrot", "lab/busy", "lab/nobody-home"}


def test_key_is_tried(lab: Shell) -> None:
    assert lab("chatty providers test lab").returncode == 0


def test_endpoint_of_the_shell_is_asked_at_once(shell: Shell, foreign: ForeignServer) -> None:
    own = {"OPENAI_BASE_URL": foreign.url, "OPENAI_API_KEY": foreign.key}
    result = shell("chatty ask hello -m openai/parrot", **own)
    assert (result.returncode, result.stdout) == (0, ANSWER), result.stderr


@pytest.mark.parametrize("key", ["not-even-close", "sk-of-somebody-else"])
def test_wrong_key_is_refused_in_one_line(shell: Shell, foreign: ForeignServer, key: str) -> None:
    own = {"OPENAI_BASE_URL": foreign.url, "OPENAI_API_KEY": key}
    result = shell("chatty ask hello -m openai/parrot", **own)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (3, "", 1)
    assert "did not accept the key" in result.stderr
    assert key not in result.stderr
    assert error_of(shell("chatty ask hello --json -m openai/parrot", **own)) == "provider/auth"


@pytest.mark.parametrize(
    ("model", "code", "error_type"),
    [
        ("no-such-model", 3, "provider/model_unknown"),
        ("busy", 6, "provider/rate_limited"),
        ("nobody-home", 3, "provider/overloaded"),
    ],
)
def test_failures_are_named(lab: Shell, model: str, code: int, error_type: str) -> None:
    result = lab(f"chatty ask hello --json -m lab/{model}")
    assert (result.returncode, error_of(result)) == (code, error_type)


def error_of(result: "subprocess.CompletedProcess[str]") -> str:
    """The type of the error in an answer as JSON."""
    found: str = json.loads(result.stdout)["error"]["type"]
    return found
