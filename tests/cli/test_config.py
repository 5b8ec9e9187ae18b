"""``chatty config``: settings by name, kept in a file that people may edit too."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.fake_server import FakeServer, answer


def test_path(run: Run, home: Path) -> None:
    file = str(home / "config" / "config.toml")
    assert run("config", "path").stdout == file + "\n"
    assert json.loads(run("config", "path", "--json").stdout) == {"path": file, "exists": False}


def test_what_is_set_is_read_again_and_comments_stay(run: Run, home: Path) -> None:
    file = home / "config" / "config.toml"
    file.parent.mkdir()
    file.write_text("# mine\n[screen]\ntheme = 'chatty-dark'  # why\n")
    assert run("config", "set", "model", "openai/tiny").stdout == "model = openai/tiny\n"
    assert run("config", "get", "model").stdout == "openai/tiny\n"
    assert "# mine" in file.read_text()
    assert "# why" in file.read_text()
    run("config", "set", "model", "")
    assert json.loads(run("config", "get", "model", "--json").stdout) == {"key": "model", "value": None}


def test_list_names_every_setting_and_where_it_comes_from(run: Run) -> None:
    run("config", "set", "model", "openai/tiny")
    items = {item["key"]: item for item in json.loads(run("config", "--json").stdout)["items"]}
    assert (items["model"]["value"], items["model"]["from"]) == ("openai/tiny", "file")
    assert {item["from"] for item in items.values()} == {"file", "default"}
    assert all(item["means"] for item in items.values())
    assert run("config").stdout.startswith("SETTING")


def test_environment_goes_before_the_file(run: Run) -> None:
    run("config", "set", "model", "openai/tiny")
    listed = run("config", "list", "--json", CHATTY_MODEL="groq/x").stdout
    model = next(item for item in json.loads(listed)["items"] if item["key"] == "model")
    assert (model["value"], model["from"]) == ("groq/x", "environment")
    assert run("config", "get", "model", CHATTY_MODEL="groq/x").stdout == "groq/x\n"
    assert run("config", "get", "model", CHATTY_MODEL="").stdout == "openai/tiny\n"


def test_keys_are_shown_as_they_are_written(run: Run) -> None:
    assert run("config", "set", "keys.send", "ctrl+k, f2").stdout == "keys.send = ctrl+k, f2\n"
    assert run("config", "get", "keys.send").stdout == "ctrl+k, f2\n"


@pytest.mark.parametrize("words", [["get", "modle"], ["set", "modle", "x"], ["set", "screen.theme", "nope"]])
def test_what_is_no_setting_or_no_value_is_wrong_usage(run: Run, words: list[str]) -> None:
    result = run("config", *words)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_nearest_setting_is_offered(run: Run) -> None:
    assert "model" in run("config", "get", "modle").stderr


def test_settings_are_completed(run: Run) -> None:
    assert run("config", "get", "mod", _CHATTY_COMPLETE="1").stdout == "model\n"


def test_model_of_the_file_is_asked_unless_the_environment_names_one(server: FakeServer, run: Run) -> None:
    server.on("message.send", lambda sent: answer(sent, ["ok"]))
    run("config", "set", "model", "openai/tiny")
    run("ask", "hi")
    run("ask", "hi", CHATTY_MODEL="groq/x")
    run("ask", "hi", "-m", "guide", CHATTY_MODEL="groq/x")
    models = [sent["run"]["model"] for sent in server.params_of("message.send")]
    assert models == ["openai/tiny", "groq/x", "guide"]


def test_misspelt_setting_stops_a_question_before_anything_is_sent(
    server: FakeServer, run: Run, home: Path
) -> None:
    file = home / "config" / "config.toml"
    file.parent.mkdir()
    file.write_text('modl = "openai/tiny"\n')
    result = run("ask", "hi")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "Did you mean model?" in result.stderr
    assert server.requests == []


def test_keys_are_listed_as_people_write_them(run: Run) -> None:
    assert run("config", "set", "keys.send", "ctrl+j,f5").stdout == "keys.send = ctrl+j, f5\n"
    assert "keys.send            ctrl+j, f5" in run("config").stdout
    assert "``" not in run("config").stdout


def test_broken_file_is_named_in_one_line(server: FakeServer, run: Run, home: Path) -> None:
    file = home / "config" / "config.toml"
    file.parent.mkdir()
    file.write_text("model = \n")
    for words in (["ask", "hi"], ["config", "list"]):
        result = run(*words)
        assert (result.returncode, result.stderr.count("\n")) == (2, 1)
        assert str(file) in result.stderr
