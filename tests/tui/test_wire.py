"""No text of a server's value comes through the edge as it was, whatever is made of it."""

from collections.abc import Callable

import pytest

from chatty.client.view import MessageView, PartView
from chatty.rendering.sanitizer import sanitize
from chatty.tui import wire
from chatty.tui.state import Message, Part
from tests.rendering.terminal_corpus import CASES

Make = Callable[[str, str], object]
"""From a text of one row and one of several, as a server may write them, to what the screen gets."""


def message(line: str, text: str) -> Message:
    made = Message("m", None, "user")
    view = MessageView(
        id="m",
        parent_id=None,
        created_seq=1,
        role=line,
        status="failed",
        created_at="",
        parts=[],
        author={"id": "u", "name": line},
        provider=line,
        model=line,
        finish_reason=line,
        error={"type": "x", "message": line},
    )
    wire.update_message(made, view, None)
    return made


def part(line: str, text: str) -> Part:
    made = Part("text")
    wire.update_part(made, PartView(line, "", name=line))
    return made


MAKERS: dict[str, Make] = {
    "a message": message,
    "a part": part,
    "a part that was not accepted yet": lambda line, text: (
        wire.sent_part({"text": text}).pieces,
        wire.sent_part({"text": "x", "name": line}).name,
    ),
    "a conversation": lambda line, text: wire.conversation_row(
        {"id": "c", "title": line, "model": line, "project_id": None}, {}
    ),
    "a model": lambda line, text: wire.model_row({"provider": line, "name": line}),
    "a model in no list": lambda line, text: wire.unlisted_model(line),
    "a prompt": lambda line, text: wire.prompt({"name": line, "latest": {"body": text, "variables": [line]}}),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_hostile_values_become_what_their_sanitised_forms_become(make: Make) -> None:
    for case in CASES:
        line, text = sanitize(case.text, multiline=False), sanitize(case.text)
        assert make(case.text, case.text) == make(line, text), case.name
