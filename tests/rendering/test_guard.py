"""The guard against what Textual really writes, and against the corpus."""

import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from fcntl import ioctl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.rendering.errors import GuardRefused
from chatty.rendering.guard import OutputGuard, clipboard_write
from tests.rendering.terminal_corpus import CASES, ORDINARY, Case
from tests.rendering.terminal_oracle import first_violation

TIME_LIMIT_SECONDS = 40


def recorded_writes(folder: Path, *options: str) -> list[str]:
    """Run the recorder in a pseudo-terminal; return what its driver wrote, write by write."""
    record = folder / "writes.json"
    primary, secondary = pty.openpty()
    ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.rendering.textual_recorder", str(record), *options],
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        start_new_session=True,
    )
    os.close(secondary)
    try:
        drain(primary, time.monotonic() + TIME_LIMIT_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(primary)
    writes: list[str] = json.loads(record.read_text(encoding="utf-8"))
    return writes


def drain(terminal: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            try:
                os.read(terminal, 65536)
            except OSError:  # the other side is closed: the app is gone
                return
    raise TimeoutError("the recorder did not end")


@pytest.fixture(scope="module")
def benign(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    return recorded_writes(tmp_path_factory.mktemp("benign"))


def test_what_textual_writes_passes_unchanged(benign: Sequence[str]) -> None:
    guard = OutputGuard()
    for write in benign:
        if write.startswith("\x1b]52;"):
            guard.announce(write)

    assert "\x1b[?1049h" in benign
    assert any("second row" in write for write in benign)
    assert [write for write in benign if guard.filter(write) != write] == []


def test_the_oracle_accepts_what_textual_writes(benign: Sequence[str]) -> None:
    assert first_violation("".join(write for write in benign if not write.startswith("\x1b]52;"))) is None


def test_what_textual_passes_on_from_hostile_text_is_neutralised(tmp_path: Path) -> None:
    writes = recorded_writes(tmp_path, "hostile")
    guard = OutputGuard()

    assert first_violation("".join(writes)) is not None
    assert first_violation("".join(map(guard.filter, writes))) is None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_text_inside_a_frame_is_neutralised(case: Case) -> None:
    frame = f"\x1b[2;3H\x1b[1;38;2;1;2;3mname {case.text} end\x1b[0m\x1b[4;1H"

    written = OutputGuard().filter(frame) + OutputGuard().filter("next frame")

    assert first_violation(written) is None
    assert written.startswith("\x1b[2;3H\x1b[1;38;2;1;2;3mname ")


@pytest.mark.parametrize("case", [case for case in CASES if len(case.text) < 200], ids=lambda case: case.name)
def test_hostile_text_split_over_two_writes_is_neutralised(case: Case) -> None:
    for cut in range(1, len(case.text)):
        guard = OutputGuard()

        written = (
            guard.filter("a" + case.text[:cut]) + guard.filter(case.text[cut:] + "b") + guard.filter("c")
        )

        assert first_violation(written) is None


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.name)
def test_ordinary_text_passes(case: Case) -> None:
    assert OutputGuard().filter(case.text) == case.text


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[?1049l",
        "\x1b[?25h",
        "\x1b[2J",
        "\x1b[?1003h",
        "\x1b[<u",
        "\x07",
        "\x1b]22;pointer\x07",
    ],
)
def test_modes_pass_alone_but_not_amid_text(sequence: str) -> None:
    assert OutputGuard().filter(sequence) == sequence
    assert sequence not in OutputGuard().filter(f"text {sequence} text")


@pytest.mark.parametrize("sequence", ["\x1b[?1049l", "\x1b[2J", "\x1b[?1003h", "\x1b[6n"])
def test_a_frame_whose_only_text_is_hostile_changes_no_modes(sequence: str) -> None:
    guard = OutputGuard()

    assert sequence not in guard.filter(f"\x1b[3;4H\x1b[1m{sequence}\x1b[0m\x1b[1;1H")
    assert sequence not in "".join(map(guard.filter, sequence + "m"))
    assert sequence not in OutputGuard(has_screen=False).filter(sequence)


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b]8;;https://e.example\x1b\\x\x1b]8;;\x1b\\",
        "\x1b]52;c;?\x07",
        "\x1b]0;title\x07",
        "\x1bc",
        "\x1b[6n text",
        "\x1b[21t",
        "\x1b[?1;2c",
        "\x1bP$qm\x1b\\",
        "\x9b2J",
        "\x0e",
    ],
)
def test_what_chatty_never_writes_unannounced_is_neutralised(sequence: str) -> None:
    assert OutputGuard().filter(sequence) != sequence


def test_an_announced_sequence_passes_once() -> None:
    guard = OutputGuard()
    sequence = clipboard_write("päste")
    guard.announce(sequence)

    assert guard.filter(sequence) == sequence
    assert guard.filter(sequence) != sequence


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b]52;c;?\x07",
        "\x1b]0;title\x07",
        "\x1b]52;c;QQ==\x1b[2J\x07",
        "\x1b]4;1;?\x07",
        "text",
        "\x1b]52;c;QQ==\x07\x1b]52;c;QQ==\x07",
    ],
)
def test_other_sequences_cannot_be_announced(sequence: str) -> None:
    with pytest.raises(GuardRefused):
        OutputGuard().announce(sequence)


def test_more_than_a_mebibyte_is_refused_for_the_clipboard() -> None:
    with pytest.raises(GuardRefused):
        clipboard_write("x" * (1 << 20) + "x")


@given(st.lists(st.text(alphabet="\x1b[]0;31mHJ?h\x07\\ab\x9b\r\n", max_size=12), max_size=6))
def test_nothing_outside_the_grammar_is_ever_written(writes: list[str]) -> None:
    guard = OutputGuard()

    assert first_violation("".join(map(guard.filter, writes))) is None


def test_a_sequence_cut_in_two_by_its_writer_is_put_together() -> None:
    guard = OutputGuard()

    assert guard.filter("a\x1b[3") + guard.filter("1mred") == "a\x1b[31mred"
