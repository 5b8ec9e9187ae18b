"""Drafts survive the client."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chatty.tui.drafts import EMPTY, Draft, Drafts
from chatty.tui.editing.chips import Chip
from tests.client.flushing import recorded_steps
from tests.tui.terminal import Terminal, terminal

PASTE = Chip("[pasted 42 lines, 1.8 KB]", "line\n" * 42)


def test_draft_comes_back_whole(tmp_path: Path) -> None:
    draft = Draft(("Look: ", PASTE, "\nand “this”\u2028"), 7)
    Drafts(tmp_path, "a").save("c/1", draft)
    assert Drafts(tmp_path, "a").load("c/1") == draft


def test_empty_draft_leaves_no_file(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, "a")
    drafts.save("c1", Draft(("x",), 1))
    drafts.save("c1", Draft((" \n",), 1))
    assert list(tmp_path.iterdir()) == []


def test_two_clients_never_share_a_file_and_the_newest_is_found(tmp_path: Path) -> None:
    Drafts(tmp_path, "a").save("c1", Draft(("from a",), 0))
    Drafts(tmp_path, "b").save("c1", Draft(("from b",), 0))
    assert Drafts(tmp_path, "a").load("c1").pieces == ("from a",)
    newest = max(tmp_path.glob("*b.json"))
    os.utime(newest, (2e9, 2e9))
    assert Drafts(tmp_path, "c").load("c1").pieces == ("from b",)


def test_draft_is_flushed_before_it_has_its_name_and_so_is_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = recorded_steps(monkeypatch)
    Drafts(tmp_path, "a").save("c1", Draft(("words",), 0))
    assert steps == ["file flushed", "renamed", "directory flushed"]


def test_file_is_for_its_owner_only(tmp_path: Path) -> None:
    Drafts(tmp_path, "a").save("c1", Draft(("secret",), 0))
    assert [path.stat().st_mode & 0o077 for path in tmp_path.iterdir()] == [0]


def test_broken_file_is_no_draft(tmp_path: Path) -> None:
    (tmp_path / "c1@a.json").write_text('{"pieces": [')
    assert Drafts(tmp_path, "a").load("c1") == EMPTY


def test_conversations_with_drafts_are_known(tmp_path: Path) -> None:
    Drafts(tmp_path, "a").save("c/1", Draft(("x",), 0))
    assert Drafts(tmp_path, "b").conversations() == {"c/1"}


def test_saved_draft_survives_kill_9(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from chatty.tui.drafts import Draft, Drafts\n"
        "drafts = Drafts(pathlib.Path(sys.argv[1]), 'a')\n"
        "n = 0\n"
        "while True:\n"
        "    n += 1\n"
        "    drafts.save('c1', Draft((f'version {n} ' + 'x' * 5000,), 0))\n"
        "    print(n, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        reported = [int(process.stdout.readline()) for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        reported += [int(line) for line in process.stdout]
    (text,) = Drafts(tmp_path, "a").load("c1").pieces
    assert isinstance(text, str)
    assert int(text.split()[1]) >= reported[-1]
    assert text.endswith("x" * 5000)


def test_written_text_is_back_after_kill_9_of_the_client(tmp_path: Path) -> None:
    arguments = ("--scene", "idle", "--drafts", str(tmp_path))
    with terminal(*arguments) as term:
        term.send("words not sent")
        term.wait_until(lambda: any("words not sent" in path.read_text() for path in tmp_path.glob("*.json")))
        os.kill(term.pid, signal.SIGKILL)
    again = Terminal(*arguments, columns=100, rows=30, environment={})
    try:
        again.wait_for("words not sent")
    finally:
        again.child.close(force=True)


def test_save_that_fails_leaves_neither_descriptor_nor_file_behind(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, "a")
    (tmp_path / "c1@a.json").mkdir()
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        with pytest.raises(OSError, match=r"."):
            drafts.save("c1", Draft(("x",), 0))
    assert len(os.listdir("/dev/fd")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["c1@a.json"]


def test_draft_that_another_client_takes_meanwhile_hides_no_other(tmp_path: Path) -> None:
    Drafts(tmp_path, "a").save("c1", Draft(("from a",), 0))
    (tmp_path / "c1@b.json").symlink_to(tmp_path / "gone")
    assert Drafts(tmp_path, "c").load("c1").pieces == ("from a",)
