"""``chatty providers``: keys come by prompt, pipe or variable, and are never shown."""

import json

import pytest

from tests.cli.conftest import Run
from tests.cli.fake_server import FakeServer, Json, Refusal
from tests.cli.golden import assert_golden
from tests.cli.processes import OnTerminal

KEY = "sk-canary-0123456789"
OPENAI = {
    "name": "openai",
    "kind": "openai",
    "base_url": None,
    "default_model": "tiny",
    "key_source": "keyring",
    "builtin": True,
}


WITH_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.chainer.ChainerBackend"}
WITHOUT_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


@pytest.fixture
def adding(server: FakeServer) -> FakeServer:
    server.on("provider.list", {"items": [OPENAI]})
    server.on("provider.add", {"provider": OPENAI})
    return server


def test_list(server: FakeServer, run: Run) -> None:
    server.on("provider.list", {"items": [OPENAI, {**OPENAI, "name": "groq", "key_source": "missing"}]})
    assert_golden("providers-list.txt", run("providers", "list").stdout)
    assert json.loads(run("providers", "--json").stdout)["items"][0] == OPENAI


def test_key_from_a_pipe_and_from_a_variable(adding: FakeServer, run: Run) -> None:
    results = [
        run("providers", "add", "openai", "--key-stdin", input=KEY + "\n"),
        run("providers", "add", "openai", "--key-env", "MY_KEY", "--keep-in", "file", MY_KEY=KEY),
    ]
    assert [asked["api_key"] for asked in adding.params_of("provider.add")] == [KEY, KEY]
    assert adding.params_of("provider.add")[1]["keep_in"] == "file"
    assert all(result.returncode == 0 and KEY not in result.stdout + result.stderr for result in results)


def test_key_is_asked_for_without_an_echo(adding: FakeServer, environment: dict[str, str]) -> None:
    with OnTerminal(environment | WITH_KEYRING, "providers", "add", "openai") as terminal:
        terminal.read_until(b"Key for openai (not shown; goes to the keyring)")
        terminal.type(KEY.encode() + b"\n")
        assert terminal.wait() == 0
        assert KEY.encode() not in terminal.output
        assert terminal.modes == terminal.before
    assert adding.params_of("provider.add")[0]["api_key"] == KEY


def test_provider_is_asked_for_when_none_is_named(adding: FakeServer, environment: dict[str, str]) -> None:
    with OnTerminal(environment, "providers", "add", "--no-key") as terminal:
        terminal.read_until(b"Provider (")
        terminal.type(b"openai\n")
        assert terminal.wait() == 0
    assert adding.params_of("provider.add")[0]["name"] == "openai"


def test_new_name_without_an_address_is_refused_before_a_key_is_asked_for(
    adding: FakeServer, environment: dict[str, str]
) -> None:
    with OnTerminal(environment | WITHOUT_KEYRING, "providers", "add", "lab") as terminal:
        terminal.read_until(b"chatty providers add lab --base-url")
        assert terminal.wait() == 2
    assert b"Key for" not in terminal.output
    assert adding.params_of("provider.add") == []


def test_ctrl_c_while_the_key_is_asked_for_restores_the_terminal(
    adding: FakeServer, environment: dict[str, str]
) -> None:
    with OnTerminal(environment | WITH_KEYRING, "providers", "add", "openai") as terminal:
        terminal.read_until(b"Key for openai")
        terminal.type(b"sk-half\x03")
        assert terminal.wait() == 130
        assert terminal.modes == terminal.before
    assert adding.params_of("provider.add") == []


def test_endpoint_without_a_key(adding: FakeServer, run: Run) -> None:
    run("providers", "add", "home", "--no-key", "--base-url", "http://localhost:1/v1", "--kind", "openai")
    (asked,) = adding.params_of("provider.add")
    expected = {"name": "home", "keep_in": "keyring", "base_url": "http://localhost:1/v1", "kind": "openai"}
    assert asked == expected


def test_endpoint_of_ones_own_may_do_without_a_key(
    adding: FakeServer, run: Run, environment: dict[str, str]
) -> None:
    words = ("providers", "add", "home", "--base-url", "http://localhost:1/v1")
    with OnTerminal(environment, *words) as terminal:
        terminal.read_until(b"enter: none")
        terminal.type(b"\n")
        assert terminal.wait() == 0
    assert run(*words).returncode == 0
    assert run(*words, input=KEY).returncode == 0
    assert run(*words, "--key-stdin", input="").returncode == 2, "a key was promised"
    assert [asked.get("api_key") for asked in adding.params_of("provider.add")] == [None, None, KEY]


def test_nobody_is_asked_for_the_key_of_a_provider_that_is_nowhere(
    server: FakeServer, environment: dict[str, str]
) -> None:
    server.on("provider.list", {"items": [OPENAI]})
    with OnTerminal(environment | WITH_KEYRING, "providers", "add", "home") as terminal:
        terminal.read_until(b"--base-url http://HOST:PORT/v1")
        assert terminal.wait() == 2
        assert b"Key for" not in terminal.output


@pytest.mark.parametrize(
    ("address", "is_warned"),
    [
        ("http://10.0.0.7:8080/v1", True),
        ("http://127.0.0.1:8080/v1", False),
        ("http://localhost/v1", False),
        ("https://lab.example/v1", False),
    ],
)
def test_a_key_that_travels_in_the_open_is_warned_about(
    server: FakeServer, run: Run, address: str, is_warned: bool
) -> None:
    server.on("provider.add", {"provider": {**OPENAI, "name": "home", "base_url": address}})
    result = run("providers", "add", "home", "--base-url", address, "--key-stdin", input=KEY)
    assert result.returncode == 0
    assert (f"{address} is not encrypted" in result.stdout + result.stderr) is is_warned


@pytest.mark.parametrize(("answer", "code", "kept"), [(b"y", 0, ["file"]), (b"n", 130, [])])
def test_without_a_keyring_a_person_is_asked_about_a_file_before_the_key(
    adding: FakeServer, environment: dict[str, str], answer: bytes, code: int, kept: list[str]
) -> None:
    with OnTerminal(environment | WITHOUT_KEYRING, "providers", "add", "openai") as terminal:
        terminal.read_until(b"Keep the key for openai in a file")
        assert b"Key for" not in terminal.output
        terminal.type(answer + b"\n")
        if kept:
            terminal.read_until(b"Key for openai (not shown; goes to the file)")
            terminal.type(KEY.encode() + b"\n")
        assert terminal.wait() == code
    assert [asked["keep_in"] for asked in adding.params_of("provider.add")] == kept


def test_endpoint_whose_key_was_given_asks_about_the_file_behind_it(
    adding: FakeServer, environment: dict[str, str]
) -> None:
    words = ("providers", "add", "home", "--base-url", "http://localhost:1/v1")
    with OnTerminal(environment | WITHOUT_KEYRING, *words) as terminal:
        terminal.read_until(b"enter: none")
        terminal.type(KEY.encode() + b"\n")
        terminal.read_until(b"in a file")
        terminal.type(b"y\n")
        assert terminal.wait() == 0
    assert adding.params_of("provider.add")[0]["keep_in"] == "file"


def test_without_a_keyring_the_way_to_a_file_is_named(server: FakeServer, run: Run) -> None:
    def refuse(_: Json) -> Json:
        raise Refusal("storage/keyring_unavailable", "There is no keyring.")

    server.on("provider.add", refuse)
    result = run("providers", "add", "openai", "--key-stdin", input=KEY)
    assert result.returncode == 10
    assert "--keep-in file" in result.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--key-stdin"], ""),
        (["--key-stdin"], "two keys"),
        (["--key-env", "NOT_SET"], ""),
        (["--key-stdin", "--no-key"], "x"),
    ],
)
def test_what_is_no_key_is_refused_and_not_quoted(
    adding: FakeServer, run: Run, words: list[str], text: str
) -> None:
    result = run("providers", "add", "openai", *words, input=text)
    assert result.returncode == 2
    assert "two keys" not in result.stderr
    assert adding.requests == []


def test_no_option_takes_a_key(run: Run) -> None:
    assert run("providers", "add", "openai", "--key", KEY).returncode == 2
    assert run("providers", "add", "openai", "--api-key", KEY).returncode == 2


def test_test_says_whether_it_works_and_ends_with_the_code(server: FakeServer, run: Run) -> None:
    good: Json = {"ok": True, "models": 7, "error": None, "elapsed_ms": 12.3}
    server.on("provider.test", good)
    assert run("providers", "test", "openai").stdout == "openai works: 7 models in 12 ms\n"
    error = {"type": "provider/auth", "message": "The key was refused.", "retryable": False}
    server.on("provider.test", {**good, "ok": False, "error": error})
    result = run("providers", "test", "openai")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (3, "", 1)
    assert json.loads(run("providers", "test", "openai", "--json").stdout)["error"] == error


def test_remove(server: FakeServer, run: Run) -> None:
    server.on("provider.remove", {})
    assert run("providers", "remove", "openai").stdout == "removed openai\n"
