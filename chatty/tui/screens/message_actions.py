"""What the actions on a message do: on the one whose number was typed, else on the selected one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from chatty.rendering.links import link_suffix
from chatty.tui.overlays.models import ModelPicker
from chatty.tui.overlays.picker import Choice, Column, Picked, Picker
from chatty.tui.screens.chat_actions import with_key
from chatty.tui.screens.copying import copy
from chatty.tui.spans import Span
from chatty.tui.state import Message
from chatty.tui.widgets.hints_row import cost_words

if TYPE_CHECKING:
    from chatty.tui.screens.chat import ChatScreen

    Deed = Callable[[ChatScreen, Message], None]


def meant(screen: "ChatScreen", argument: str) -> Message | None:
    """The message of that number along the path (1 is the first); without a number the selected, else the
    newest. None when there is no such message."""
    opened = screen.store.open
    if opened is None or not opened.path:
        return None
    if argument:
        # How many are above those at hand, nobody has said.
        is_there = argument.isdecimal() and 0 < int(argument) <= len(opened.path) and not opened.has_older
        return opened.messages.get(opened.path[int(argument) - 1]) if is_there else None
    return screen.selected_message() or opened.messages.get(opened.path[-1])


def _on(deed: "Deed") -> "Callable[[ChatScreen, str], None]":
    """A deed on a message as one on the screen."""

    def on_screen(screen: "ChatScreen", argument: str) -> None:
        message = meant(screen, argument)
        if message is None:
            screen.say("there is no such message")
        else:
            deed(screen, message)

    return on_screen


def _select(screen: "ChatScreen", _: str) -> None:
    screen.set_focus(screen.transcript)
    screen.transcript.select_newest()


def _leave(screen: "ChatScreen", _: str) -> None:
    screen.transcript.clear_selection_mark()
    screen.set_focus(screen.composer)


def _next(screen: "ChatScreen", _: str) -> None:
    screen.transcript.select_step(1)


def _previous(screen: "ChatScreen", _: str) -> None:
    screen.transcript.select_step(-1)


def _fold(screen: "ChatScreen", _: str) -> None:
    screen.transcript.toggle_fold()


def _left(screen: "ChatScreen", message: Message) -> None:
    screen.backend.show_sibling(message, -1)


def _right(screen: "ChatScreen", message: Message) -> None:
    screen.backend.show_sibling(message, 1)


def _edit(screen: "ChatScreen", message: Message) -> None:
    """The text goes to the composer; sending it makes another version of the message."""
    if message.role != "user":
        screen.say("only a question can be edited")
        return
    _leave(screen, "")
    screen.begin_edit(message)


def _again(screen: "ChatScreen", message: Message) -> None:
    _leave(screen, "")
    screen.transcript.to_end()
    screen.backend.again(message)


def _other_model(screen: "ChatScreen", message: Message) -> None:
    def again(model_id: str) -> None:
        _leave(screen, "")
        screen.transcript.to_end()
        screen.backend.again(message, model_id)

    def picked(choice: Picked | None) -> None:
        if choice is not None:
            with_key(screen, choice.value, partial(again, choice.value))

    screen.backend.want_models()
    current = f"{message.provider}/{message.model}"
    screen.app.push_screen(ModelPicker(screen.store.models, current, is_for_one_answer=True), picked)


def _continue(screen: "ChatScreen", message: Message) -> None:
    _leave(screen, "")
    screen.transcript.to_end()
    screen.backend.continue_answer(message)


def _branch(screen: "ChatScreen", message: Message) -> None:
    _leave(screen, "")
    screen.backend.branch(message)


def _copy(screen: "ChatScreen", message: Message) -> None:
    copy(screen, message.text)


def _copy_code(screen: "ChatScreen", message: Message) -> None:
    from chatty.tui.screens.extracting import code_blocks

    blocks = code_blocks(message.text)
    if not blocks:
        screen.say("there is no code in it")
    elif len(blocks) == 1:
        copy(screen, blocks[0])
    else:
        rows = [(Span(" ".join(block.split())),) for block in blocks]
        _one_of(screen, "Copy code", blocks, rows, lambda block: copy(screen, block))


def _open_link(screen: "ChatScreen", message: Message) -> None:
    from chatty.tui.screens.extracting import links, open_link

    addresses = links(message.text)
    if not addresses:
        screen.say("there is no link in it")
        return
    # Shown before it is opened, also the only one: its words may name another place than it leads to.
    rows = [(Span(address), Span(link_suffix(address, address), "muted")) for address in addresses]
    _one_of(screen, "Open link", addresses, rows, lambda address: open_link(screen, address))


def _one_of(
    screen: "ChatScreen",
    name: str,
    values: list[str],
    rows: Sequence[tuple[Span, ...]],
    use: Callable[[str], None],
) -> None:
    """Let the user choose one of the values, each with its row, and use it."""
    choices = [
        Choice(value, ((Span(str(number), "primary"),), row), value)
        for number, (value, row) in enumerate(zip(values, rows, strict=True), 1)
    ]
    picker = Picker(name, (Column("", 3), Column("")), choices)
    screen.app.push_screen(picker, lambda picked: use(picked.value) if picked else None)


def _about(screen: "ChatScreen", message: Message) -> None:
    facts = [
        ("model", message.model),
        ("provider", message.provider),
        ("state", message.status),
        ("ended by", message.finish_reason),
        ("tokens in", _figure(message.input_tokens)),
        ("tokens out", _figure(message.output_tokens)),
        ("cost", "" if message.cost_usd is None else cost_words(message.cost_usd)),
        ("error", message.error),
        ("id", message.id),
    ]
    choices = [
        Choice(value, ((Span(name, "muted"),), (Span(value),)), f"{name} {value}")
        for name, value in facts
        if value
    ]
    picker = Picker("About this message", (Column("", 12), Column("")), choices, hints=(("enter", "copy"),))
    screen.app.push_screen(picker, lambda picked: copy(screen, picked.value) if picked else None)


def _figure(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


DEEDS: "dict[str, Callable[[ChatScreen, str], None]]" = {
    "select": _select,
    "leave": _leave,
    "next": _next,
    "previous": _previous,
    "fold": _fold,
    "left": _on(_left),
    "right": _on(_right),
    "edit": _on(_edit),
    "again": _on(_again),
    "other-model": _on(_other_model),
    "continue": _on(_continue),
    "branch": _on(_branch),
    "copy": _on(_copy),
    "copy-code": _on(_copy_code),
    "open-link": _on(_open_link),
    "about": _on(_about),
}
