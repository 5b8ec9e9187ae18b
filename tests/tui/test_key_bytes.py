"""Keyboard bytes put right before Textual reads them, split anywhere."""

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste
from textual.message import Message

from chatty.tui.key_bytes import KeyBytes


def keys(*pieces: str) -> list[str]:
    rewriter, parser = KeyBytes(), XTermParser()
    events: list[Message] = []
    for piece in pieces:
        if text := rewriter.feed(piece):
            events.extend(parser.feed(text))
    if rewriter.release() == "\x1b":
        events.append(Key("escape", "\x1b"))
    return [
        event.key if isinstance(event, Key) else event.text
        for event in events
        if isinstance(event, Key | Paste)
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("\x1b\r", ["alt+enter"]),
        ("\x1b\x7f", ["alt+backspace"]),
        ("\x1b1", []),
        ("a\x1b\rb", ["a", "alt+enter", "b"]),
        ("\x1bd", ["alt+d"]),
        ("\x1b[A", ["up"]),
        ("\x1b", ["escape"]),
        ("\x1b[200~a\rb\x1b[201~", ["a\rb"]),
        ("\x1b[200~x\x1b\ry\x1b[31mz\x1b[201~w", ["x\ry[31mz", "w"]),
        ("\x1b[200~\x1b[20\x1b[201~", ["[20"]),
        ("é", ["é"]),
    ],
)
def test_sequence_means_the_same_whole_and_split(data: str, expected: list[str]) -> None:
    assert keys(data) == expected
    for place in range(1, len(data)):
        assert keys(data[:place], data[place:]) == expected
