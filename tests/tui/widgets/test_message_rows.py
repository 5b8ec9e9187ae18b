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


@pytest.mark.parametrize(
    ("reason", "text", "expected"),
    [
        ("stop", "So", []),
        ("length", "So", ["cut at the model's limit · c continues"]),
        ("content_filter", "So", ["ended by the provider's content filter"]),
        ("content_filter", "", ["ended by the provider's content filter"]),
        ("stop", "", ["the model answered with nothing"]),
        ("tool_calls", "", ["the model answered with nothing"]),
        ("", "", []),
    ],
)
def test_complete_answer_that_does_not_look_like_one_says_why(
    reason: str, text: str, expected: list[str]
) -> None:
    message = Message("m", None, "assistant", finish_reason=reason)
    message.parts = [Part("reasoning", ["hm"], 2), *([Part("text", [text], len(text))] if text else [])]
    assert [plain(row) for row in ending_rows(message, 92, selected=False)] == expected
