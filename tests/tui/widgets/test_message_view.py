"""One message as rows."""

from chatty.tui.overlays.lists import find_picker
from chatty.tui.state import Message, Part
from chatty.tui.widgets.message_view import Look, MessageView


def test_message_that_grew_unpainted_is_laid_out_at_another_width() -> None:
    message = Message("m", None, "assistant", parts=[Part("text", ["one"], 3)])
    view = MessageView(message)
    view.sync(message)
    assert view.height(Look(80)) == 2
    message.parts.append(Part("text", ["two"], 3))
    message.parts.append(Part("reasoning", ["hm"], 2))
    assert view.height(Look(60)) == 6


def test_find_calls_own_messages_yours() -> None:
    own = Message("m", None, "user", author_name="owner", parts=[Part("text", ["one"], 3)])
    (choice,) = find_picker([own])._choices
    assert choice.cells[0][0].text == "you"
