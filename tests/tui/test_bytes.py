"""What Textual does by default and we do not: the bytes are sent through a real terminal."""

from collections.abc import Iterator

import pytest

from tests.tui.terminal import Terminal, terminal

CLEAR = "\x01\x0b"


def composer(term: Terminal) -> str:
    """What stands in the first row of the composer."""
    rows = term.text.split("\n")
    frame = max(index for index, row in enumerate(rows) if "╭" in row)
    return rows[frame + 1].split("│")[1].strip()


def typed(term: Terminal, data: str, then: str = "END") -> str:
    """The composer after some bytes; the word typed behind them says when they are done."""
    term.send(data + then)
    term.wait_for(then)
    return composer(term)


@pytest.fixture(scope="module")
def term() -> Iterator[Terminal]:
    with terminal("--scene", "idle") as running:
        yield running


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param("ab\x11", "abEND", id="^q does not quit"),
        pytest.param("ab\x13", "abEND", id="^s does nothing"),
        pytest.param("ab\x1b[1;2D\x18q\x1b[C", "abEND", id="^x does not cut"),
        pytest.param("ab cd\x17\x19", "ab cdEND", id="^y yanks what ^w cut"),
        pytest.param("ab cd\x0b\x15\x19", "ab cdEND", id="^u fills the kill ring"),
        pytest.param("ab\x1b[5~\x1b[6~", "abEND", id="pageup and pagedown leave the cursor"),
        pytest.param("ab cd\x01\x1bd", "END cd", id="alt+d cuts a word and types no d"),
        pytest.param("ab\x1bz", "abEND", id="alt with an unbound letter types nothing"),
        pytest.param("ab\x1b1", "abEND", id="alt+1 types nothing"),
        pytest.param("ab\x1b[17~\x1b[18~", "abEND", id="f6 and f7 do nothing"),
        pytest.param("ab cd\x1b[127;5u", "ab END", id="ctrl+backspace deletes to the left"),
        pytest.param("ab cd\x1b\x7f", "ab END", id="alt+backspace deletes a word"),
        pytest.param("ab\x14", "baEND", id="^t swaps"),
        pytest.param("ab\x1f", "END", id="^_ undoes"),
        pytest.param("b\x01a\x05", "abEND", id="^a and ^e move"),
        pytest.param("\x1b[200~pa\x1b\rste\x1b[201~\x01", "pa", id="a pasted ESC CR does not send"),
    ],
)
def test_bytes_do_what_a_shell_would(term: Terminal, data: str, expected: str) -> None:
    found = typed(term, data)
    term.send("\x03")
    term.wait_for("sk anything")
    assert found == expected


@pytest.mark.parametrize("data", ["\x1b\r", "\n", "\x1b[13;2u", "\x1b[27;2;13~", "\\\r"])
def test_newline_does_not_send(term: Terminal, data: str) -> None:
    assert typed(term, f"one{data}two") == "one"
    term.send("\x03")
    term.wait_for("sk anything")


def test_tab_goes_to_the_messages_and_back(term: Terminal) -> None:
    term.send("\t")
    term.wait_for("? more")
    assert typed(term, "\x1b[Z") == "END"
    term.send("\x03")
    term.wait_for("sk anything")


def test_ctrl_p_is_our_palette(term: Terminal) -> None:
    term.send("\x10")
    term.wait_for("Commands")
    term.send("\x07")
    term.wait_gone("Commands")


def test_enter_in_an_open_fence_is_a_newline(term: Terminal) -> None:
    assert typed(term, "```py\rx") == "```py"
    term.send("\x03")
    term.wait_for("sk anything")


def test_ctrl_c_clears_then_warns_then_quits() -> None:
    with terminal("--scene", "idle") as term:
        term.send("text\x03")
        term.wait_for("sk anything")
        term.send("\x03")
        term.wait_for("press ^c again to quit")
        term.send("\x03")
        assert term.wait_end() == 0


def test_keys_typed_before_the_first_frame_are_kept() -> None:
    from tests.tui.terminal import Terminal as Started

    term = Started("--scene", "idle", columns=100, rows=30, environment={})
    try:
        term.wait_written(b"\x1b[?1049h")
        term.send("typed early")
        term.wait_for("typed early")
    finally:
        term.child.close(force=True)


def test_first_frame_has_the_layout_of_its_size() -> None:
    with terminal("--scene", "idle", columns=80, rows=24) as term:
        assert b"Chats" not in term.written


@pytest.mark.parametrize("keys", ["\r\r", "\x1b\x1b"])
def test_key_pressed_twice_closes_an_overlay_once(term: Terminal, keys: str) -> None:
    term.send("\x10")
    term.wait_for("Insert a prompt")
    term.send("redraw")
    term.wait_gone("Insert a prompt")
    term.wait_for("Draw the screen anew")
    term.send(keys)
    term.wait_gone("Draw the screen anew")
    # Behind an esc at once it would be alt and a letter.
    term.settle(0.2)
    term.send("still well")
    term.wait_for("still well")
    assert "broke" not in term.text
    term.send(CLEAR)
