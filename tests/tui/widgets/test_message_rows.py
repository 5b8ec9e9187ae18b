"""How an answer ended, in words."""

import pytest

from chatty.tui.spans import plain
from chatty.tui.state import Message, OpenConversation, Part, Run
from chatty.tui.widgets.message_rows import ending_rows, name_row_right


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
                "interrupted  the server ended while it was answering",
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


def test_what_is_kept_stands_whole_below_a_reason_that_fills_its_row() -> None:
    message = Message("m", None, "assistant", status="failed", error="word " * 8, output_tokens=380)
    message.parts = [Part("text", ["So"], 2)]
    shown = [plain(row) for row in ending_rows(message, 50, selected=False)]
    assert shown[:2] == [f"failed  {'word ' * 8}".rstrip(), "        380 tokens kept"]


def test_answer_cut_at_the_limit_offers_no_key_that_does_nothing() -> None:
    message = Message("m", None, "assistant", status="completed", finish_reason="length")
    assert [plain(row) for row in ending_rows(message, 80, selected=False)] == [
        "cut at the model's limit · ask for the rest"
    ]


def test_answer_that_waits_for_another_is_called_queued() -> None:
    opened = OpenConversation("c")
    opened.runs = {f"r{n}": Run(f"r{n}", f"m{n}", status, 0) for n, status in ((1, "running"), (2, "queued"))}
    assert [opened.is_queued(message_id) for message_id in ("m1", "m2", "m3")] == [False, True, False]
    del opened.runs["r1"]
    assert not opened.is_queued("m2")
    (words,) = name_row_right(Message("m2", "m1", "assistant"), (1, 1), selected=False, queued=True)
    assert plain(words) == "queued"


@pytest.mark.parametrize(("tokens", "words"), [(1, "1 token"), (2, "2 tokens")])
def test_one_token_is_no_tokens(tokens: int, words: str) -> None:
    shown = name_row_right(Message("m", None, "assistant", output_tokens=tokens), (1, 1), selected=True)
    assert plain(shown[0]) == words


@pytest.mark.parametrize(
    ("reason", "text", "expected"),
    [
        ("stop", "So", []),
        ("length", "So", ["cut at the model's limit · ask for the rest"]),
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
