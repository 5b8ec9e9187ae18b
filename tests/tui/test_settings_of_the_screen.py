"""What the configuration may say about the screen, and what it is told when it says something else."""

from pathlib import Path
from typing import get_args

import pytest

from chatty.client.settings_models import Theme
from chatty.protocol.errors import ProtocolError
from chatty.tui.app import ChattyApp
from chatty.tui.starting import make_app
from chatty.tui.themes import THEMES
from tests.instruments.waiting import until


def test_themes_that_can_be_chosen_are_the_themes_there_are() -> None:
    assert set(get_args(Theme)) == {"auto", *(theme.name for theme in THEMES)}


@pytest.mark.parametrize("line", ['nope = "ctrl+t"', 'send = "ctrl+s"'])
def test_key_that_cannot_be_had_is_one_clear_error(tmp_path: Path, line: str) -> None:
    config = tmp_path / "config" / "config.toml"
    config.parent.mkdir()
    config.write_text(f"[keys]\n{line}\n")
    with pytest.raises(ProtocolError) as caught:
        make_app({"CHATTY_HOME": str(tmp_path)}, server=None, conversation=None, project=None, model=None)
    assert (caught.value.type, caught.value.details["path"]) == ("invalid_params/config", str(config))


async def test_theme_that_was_chosen_is_there_at_the_next_start(tmp_path: Path) -> None:
    def begin() -> ChattyApp:
        return make_app(
            {"CHATTY_HOME": str(tmp_path)}, server=None, conversation=None, project=None, model="guide"
        )

    backend = begin()._backend
    backend.keep_theme("terminal-light")
    config = tmp_path / "config" / "config.toml"
    await until(lambda: config.exists() and "terminal-light" in config.read_text())
    assert begin().theme == "terminal-light"
