"""The configuration file: what is in it, and that changing it never harms it."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from chatty.client import settings
from chatty.protocol.errors import ProtocolError
from tests.client.config_writers import write_side_by_side


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "config" / "config.toml")


def test_without_a_file_everything_is_as_it_comes(path: str) -> None:
    assert settings.load(path).model_dump() == {
        "model": None,
        "screen": {"theme": "auto", "ascii_glyphs": False},
        "server": {"idle_minutes": 30.0},
        "keys": {},
    }


def test_names_known_without_pydantic_are_all_there_are() -> None:
    cheap = {"model", *(f"{table}.{name}" for table, names in settings._TABLES.items() for name in names)}
    assert cheap == set(settings.known_keys())


def test_model_is_read_without_pydantic_from_a_file_in_order(path: str) -> None:
    Path(path).parent.mkdir()
    Path(path).write_text('model = "guide"\n[screen]\ntheme = "chatty-light"\n[keys]\nsend = "ctrl+j"\n')
    program = (
        "import sys; from chatty.client.settings import read_model\n"
        "print(read_model(sys.argv[1]), 'pydantic' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program, path], check=True, capture_output=True, text=True)
    assert found.stdout == "guide False\n"
    assert settings.read_model(path + ".not") is None


@pytest.mark.parametrize(
    "content", ['modl = "guide"', "model = 5", 'model = ""', "screen = 1", "[screen]\nthme = 1", "[scren]"]
)
def test_what_is_no_setting_is_refused_to_whoever_asks_for_the_model(path: str, content: str) -> None:
    Path(path).parent.mkdir()
    Path(path).write_text(content)
    with pytest.raises(ProtocolError) as caught:
        settings.read_model(path)
    assert caught.value.type == "invalid_params/config"


def test_keys_that_were_set_are_described_too(path: str) -> None:
    settings.set(path, "keys.send", "ctrl+j, f5")
    (row,) = [row for row in settings.describe(path) if row["key"].startswith("keys.")]
    assert (row["key"], row["value"], row["from"]) == ("keys.send", ["ctrl+j", "f5"], "file")


def test_comments_and_order_survive_a_change(path: str) -> None:
    Path(path).parent.mkdir()
    Path(path).write_text('# mine\nmodel = "guide"  # for now\n\n[screen]\ntheme = "chatty-light"\n')
    assert settings.set(path, "screen.ascii_glyphs", "true") is True
    assert settings.set(path, "model", "openai/x") == "openai/x"
    assert Path(path).read_text() == (
        '# mine\nmodel = "openai/x"  # for now\n\n[screen]\ntheme = "chatty-light"\nascii_glyphs = true\n'
    )


def test_empty_value_goes_back_to_the_default(path: str) -> None:
    settings.set(path, "server.idle_minutes", "0")
    assert settings.get(path, "server.idle_minutes") == 0
    assert settings.set(path, "server.idle_minutes", "") == 30.0


@pytest.mark.parametrize("exists", [True, False])
def test_file_that_is_a_link_stays_one(path: str, tmp_path: Path, exists: bool) -> None:
    kept = tmp_path / "dotfiles.toml"
    if exists:
        kept.write_text("# mine\n")
    Path(path).parent.mkdir()
    Path(path).symlink_to(kept)
    settings.set(path, "model", "guide")
    assert Path(path).is_symlink()
    assert kept.read_text() == ("# mine\n" if exists else "") + 'model = "guide"\n'


def test_keys_of_actions_are_free(path: str) -> None:
    assert settings.set(path, "keys.send", "ctrl+j, enter") == ["ctrl+j", "enter"]


@pytest.mark.parametrize(
    ("key", "nearest"), [("modle", ["model"]), ("screen.them", ["screen.theme"]), ("zzzzzzzz", [])]
)
def test_unknown_setting_names_the_nearest_known_one(path: str, key: str, nearest: list[str]) -> None:
    with pytest.raises(ProtocolError) as caught:
        settings.set(path, key, "x")
    assert (caught.value.type, caught.value.details["nearest"]) == ("invalid_params/config", nearest)


def test_unknown_key_in_the_file_is_refused(path: str) -> None:
    Path(path).parent.mkdir()
    Path(path).write_text("[screen]\nthem = 1\n")
    with pytest.raises(ProtocolError) as caught:
        settings.load(path)
    assert caught.value.details == {"key": "screen.them", "nearest": ["screen.theme"]}


@pytest.mark.parametrize(
    ("key", "value"),
    [("screen.ascii_glyphs", "perhaps"), ("server.idle_minutes", "-1"), ("screen.theme", "nope")],
)
def test_impossible_value_changes_nothing(path: str, key: str, value: str) -> None:
    settings.set(path, "model", "guide")
    before = Path(path).read_bytes()
    with pytest.raises(ProtocolError) as caught:
        settings.set(path, key, value)
    assert caught.value.type == "invalid_params/config"
    assert Path(path).read_bytes() == before


def test_file_that_is_not_toml_is_left_alone(path: str) -> None:
    Path(path).parent.mkdir()
    Path(path).write_text("model = [")
    with pytest.raises(ProtocolError) as caught:
        settings.set(path, "model", "guide")
    assert caught.value.type == "invalid_params/config"
    assert Path(path).read_text() == "model = ["


def test_describe_says_where_a_value_comes_from(path: str) -> None:
    settings.set(path, "model", "guide")
    rows = {row["key"]: row for row in settings.describe(path)}
    assert rows["model"]["from"] == "file"
    assert rows["screen.theme"]["from"] == "default"
    assert all(row["means"] for row in rows.values())


def test_killed_writers_leave_a_whole_file_and_no_other_behind(path: str) -> None:
    settings.set(path, "model", "guide")
    left = Path(path).with_name(".config.toml.4711.0badcafe")
    left.write_text("model = ")
    settings.set(path, "screen.theme", "chatty-light")
    assert sorted(file.name for file in Path(path).parent.iterdir()) == [".config.lock", "config.toml"]


def test_writers_side_by_side_lose_no_change(tmp_path: Path) -> None:
    """In large by command: `benchmarks/config_writers.py`."""
    outcome = write_side_by_side(tmp_path, writers=4, updates=12, kills=4, chance=random.Random(5))
    assert outcome.problems == []
    assert outcome.reads > 0
