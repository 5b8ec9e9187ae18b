"""A terminal whose encoding lacks our signs is drawn cell for cell."""

import pytest
from rich.cells import cell_len

from chatty.tui.lookalikes import ERRORS
from tests.tui.terminal import terminal


@pytest.mark.parametrize("text", ["╭──╮", "▌ you", "● local", "漢字 é", "e\u0301", "👩‍👩‍👧"])
def test_nothing_changes_its_width(text: str) -> None:
    written = text.encode("ascii", ERRORS).decode("ascii")
    assert len(written) == sum(cell_len(character) for character in text)


def test_screen_keeps_its_shape_without_utf8() -> None:
    ascii_only = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with terminal("--scene", "idle", columns=80, rows=24, environment=ascii_only) as term:
        term.wait_for("+" + "-" * 76 + "+")
        assert "| Ask anything" in term.text
        assert "\\u" not in term.text
