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
        ("a\x1b]11;rgb:ffff/fafa/f8f8\x1b\\b", ["a", "b"]),
        ("\x1b]11;rgb:15/17/1c\x07c", ["c"]),
        ("a\x1b[?1ub", ["a", "b"]),
        ("a\x1b[?62;22cb", ["a", "b"]),
        ("a\x1b[>41;354;0cb", ["a", "b"]),
        ("a\x1bP>|xterm(390)\x1b\\b", ["a", "b"]),
        ("a\x1b]10;rgb:00/00/00\x07b", ["a", "b"]),
    ],
)
def test_sequence_means_the_same_whole_and_split(data: str, expected: list[str]) -> None:
    assert keys(data) == expected
    for place in range(1, len(data)):
        assert keys(data[:place], data[place:]) == expected


@pytest.mark.parametrize("character", [".", ",", "/", "?", "!", "<", ">", "\\", "_", "^", "~", "`", "#"])
def test_alt_and_a_sign_types_no_sign(character: str) -> None:
    (key,) = keys(f"\x1b{character}")
    assert key.startswith("alt+")


def test_reports_that_textual_asks_for_reach_it() -> None:
    report = "\x1b[?2026;2$y"
    for place in range(1, len(report)):
        rewriter = KeyBytes()
        assert rewriter.feed(report[:place]) + rewriter.feed(report[place:]) == report


REPLY = "\x1b]11;rgb:ffff/fafa/f8f8\x1b\\"


def test_word_about_the_background_is_heard_once_however_it_is_cut() -> None:
    for place in range(1, len(REPLY)):
        heard: list[str] = []
        rewriter = KeyBytes(heard.append)
        assert rewriter.feed("x" + REPLY[:place]) == "x"
        assert rewriter.feed(REPLY[place:] + "y") == "y"
        assert heard == ["ffff/fafa/f8f8"]


def test_half_a_word_about_the_background_is_never_typed() -> None:
    rewriter = KeyBytes()
    assert rewriter.feed(REPLY[:-2]) == ""
    assert not rewriter.is_waiting
    assert rewriter.release() == ""
    assert rewriter.feed(REPLY[-2:] + "z") == "z"


def test_pasted_word_about_the_background_is_text() -> None:
    heard: list[str] = []
    rewriter = KeyBytes(heard.append)
    assert rewriter.feed(f"\x1b[200~{REPLY}\x1b[201~") == "\x1b[200~]11;rgb:ffff/fafa/f8f8\\\x1b[201~"
    assert heard == []
