"""The shell's editing keys, as readline has them."""

import pytest

from chatty.tui.editing.buffer import EditBuffer
from chatty.tui.editing_keys import CHANGES, MOVES


def edited(marked: str, *keys: str) -> str:
    """The text after some keys; `|` marks the cursor before and after."""
    buffer = EditBuffer()
    buffer.reset(marked.replace("|", ""), marked.index("|"))
    for key in keys:
        if key in CHANGES:
            CHANGES[key](buffer)
        elif key in MOVES:
            buffer.move_to(MOVES[key](buffer))
        else:
            buffer.insert(key)
    return f"{buffer.text[: buffer.cursor]}|{buffer.text[buffer.cursor :]}"


@pytest.mark.parametrize(
    ("before", "keys", "after"),
    [
        ("one two|", ["ctrl+a"], "|one two"),
        ("a\none |two\nb", ["ctrl+a"], "a\n|one two\nb"),
        ("a\none |two\nb", ["ctrl+e"], "a\none two|\nb"),
        ("one |two", ["ctrl+k"], "one |"),
        ("one|\ntwo", ["ctrl+k"], "one|two"),
        ("one |two", ["ctrl+u"], "|two"),
        ("a\n|two", ["ctrl+u"], "a|two"),
        ("cd /usr/lib|", ["ctrl+w"], "cd |"),
        ("cd /usr/lib|", ["alt+backspace"], "cd /usr/|"),
        ("one| two-three", ["alt+d"], "one|-three"),
        ("one|", ["alt+b"], "|one"),
        ("|one two", ["alt+f", "alt+f"], "one two|"),
        ("ab|", ["ctrl+t"], "ba|"),
        ("a|b", ["ctrl+t"], "ba|"),
        ("|ab", ["ctrl+t"], "|ab"),
        ("a|b", ["ctrl+d"], "a|"),
        ("a|b", ["backspace"], "|b"),
        ("one two|", ["ctrl+w", "ctrl+y"], "one two|"),
        ("one two|", ["ctrl+w", "ctrl+w", "ctrl+y"], "one two|"),
        ("one| two", ["ctrl+k", "ctrl+u", "ctrl+y"], "one two|"),
        ("|", ["a", "b", "ctrl+_"], "|"),
        ("x|", [" ", "a", "b", "ctrl+_"], "x |"),
        ("👩‍👩‍👧|", ["backspace"], "|"),
        ("e\u0301|", ["left"], "|e\u0301"),
    ],
)
def test_key_does_what_the_shell_does(before: str, keys: list[str], after: str) -> None:
    assert edited(before, *keys) == after


def test_typing_over_a_selection_replaces_it() -> None:
    buffer = EditBuffer("one two")
    buffer.move_to(buffer.word_left(), selecting=True)
    buffer.insert("x")
    assert (buffer.text, buffer.cursor, buffer.selection) == ("one x", 5, None)


def test_redo_brings_back_what_undo_took_until_something_changes() -> None:
    buffer = EditBuffer()
    buffer.insert("a")
    buffer.undo()
    buffer.redo()
    assert buffer.text == "a"
    buffer.undo()
    buffer.insert("b")
    buffer.redo()
    assert buffer.text == "b"


def test_cut_of_an_earlier_place_is_not_joined() -> None:
    buffer = EditBuffer("one two")
    buffer.kill_blank_word_left()
    buffer.move_to(0)
    buffer.kill_word_right()
    buffer.yank()
    assert buffer.text == "one "


def test_fresh_text_brings_nothing_of_another_back() -> None:
    buffer = EditBuffer()
    buffer.insert("of another conversation")
    buffer.undo()
    buffer.reset("mine")
    buffer.redo()
    assert buffer.text == "mine"
    buffer.undo()
    assert buffer.text == "mine"
