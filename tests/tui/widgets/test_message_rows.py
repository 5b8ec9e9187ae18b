"""How an answer ended, in words."""

import pytest

from chatty.tui.spans import plain
from chatty.tui.state import Message, Part
from chatty.tui.widgets.message_rows import ending_rows


@pytest.mark.parametrize(
    ("run_id", "room", "expected"),
    [
        (
            "r1",
            92,
            [
                "interrupted  the server ended while it was answering · 380 tokens kept",
                "tab then r retry  c continue  R another model",
            ],
        ),
        (
            "r1",
            56,
            [
                "interrupted  the server ended while it was answering ·",
                "             380 tokens kept",
                "tab then r retry  c continue  R another model",
            ],
        ),
        (None, 92, ["interrupted", "tab then r retry  c continue  R another model"]),
    ],
)
def test_interrupted_answer_says_what_happened(run_id: str | None, room: int, expected: list[str]) -> None:
    message = Message("m", None, "assistant", status="interrupted", run_id=run_id, output_tokens=380)
    message.parts = [Part("text", ["So"], 2)]
    assert [plain(row).rstrip() for row in ending_rows(message, room, selected=False)] == expected
