"""What fails stays where it failed: the rest of the client goes on, and the terminal is given back."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatty.tui.crashes import Crashes, culprit
from tests.client.homes import Home
from tests.tui.scripted_app import BROKEN_NOTE
from tests.tui.terminal import Terminal
from tests.tui.test_terminal_restored import assert_restored

SECRET = "sk-live-1234"


@contextmanager
def breaking(place: str, reports: Path, *arguments: str) -> Iterator[Terminal]:
    """The scripted client with a part that raises."""
    term = Terminal(
        "--broken", place, "--reports", str(reports), *arguments, columns=100, rows=30, environment={}
    )
    try:
        yield term
    finally:
        term.child.close(force=True)


def report_in(directory: Path) -> str:
    (path,) = directory.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    text = path.read_text()
    assert path.stem in text
    assert "Traceback" not in text.splitlines()[0]
    assert SECRET not in text
    return path.stem


def test_widget_that_cannot_be_drawn_is_a_panel_and_the_rest_goes_on(tmp_path: Path) -> None:
    with breaking("header", tmp_path / "reports") as term:
        term.wait_for("this part broke · report")
        term.send("still here")
        term.wait_for("still here")
        assert report_in(tmp_path / "reports") in term.text
        term.send("\x15/quit\r")
        assert term.wait_end() == 0
        assert_restored(term)


def test_widget_whose_keys_fail_is_a_panel_until_they_work_again(tmp_path: Path) -> None:
    with breaking("composer-key", tmp_path / "reports") as term:
        term.wait_for(BROKEN_NOTE)
        term.send("before\x14")
        term.wait_for("this part broke · report")
        term.send("after")
        term.wait_for("beforeafter")
        assert "this part broke" not in term.text


def test_transcript_that_cannot_take_an_answer_leaves_the_composer_alone(tmp_path: Path) -> None:
    with breaking("transcript", tmp_path / "reports") as term:
        term.wait_for(BROKEN_NOTE)
        term.send("and?\r")
        term.wait_for("this part broke · report")
        term.send("next question")
        term.wait_for("next question")
        report_in(tmp_path / "reports")


def test_overlay_that_cannot_be_made_is_closed(tmp_path: Path) -> None:
    with breaking("overlay", tmp_path / "reports") as term:
        term.wait_for(BROKEN_NOTE)
        term.send("\x10")
        term.wait_for("something broke · report")
        term.send("typed on")
        term.wait_for("typed on")


@pytest.mark.parametrize("wants_traceback", [False, True])
def test_crash_of_the_program_gives_the_terminal_back_and_says_one_line(
    tmp_path: Path, *, wants_traceback: bool
) -> None:
    home = Home(str(tmp_path))
    options = ["--debug"] if wants_traceback else []
    term = Terminal(
        *options,
        *("-m", "guide"),
        columns=100,
        rows=30,
        environment={**home.environ, "CHATTY_SERVER": ""},
        module="tests.tui.crashing_program",
    )
    try:
        term.wait_for("local")
        term.send("precious")
        term.wait_for("precious")
        term.send("\x1b[O")
        assert term.wait_end() == 1
        assert_restored(term)
        said = term.written.rpartition(b"\x1b[?1049l")[2].decode()
        assert (SECRET in said, "Traceback" in said) == (wants_traceback, wants_traceback)
        report = report_in(Path(home.locations.reports_dir))
        assert [report in line for line in said.splitlines() if "chatty: " in line] == [True]
        (draft,) = Path(home.locations.drafts_dir).rglob("*.json")
        assert "precious" in draft.read_text()
    finally:
        term.child.close(force=True)
        home.clean_up()


def test_screen_that_fails_without_end_ends_the_program(tmp_path: Path) -> None:
    with breaking("timer", tmp_path / "reports") as term:
        assert term.wait_end() == 1
        assert_restored(term)


def test_same_failure_is_reported_once(tmp_path: Path) -> None:
    crashes = Crashes(str(tmp_path / "reports"))
    ids = set()
    for _ in range(3):
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            ids.add(crashes.take(error).id)
    assert len(ids) == len(list((tmp_path / "reports").iterdir())) == 1


def test_failures_in_a_row_are_too_many() -> None:
    now = [0.0]
    crashes = Crashes("/dev/null/nowhere", clock=lambda: now[0])
    for number in range(30):
        now[0] += 5.0
        assert crashes.take(ValueError(number)).path is None
    assert not crashes.are_too_many
    for number in range(20):
        now[0] += 0.05
        crashes.take(ValueError(number))
    assert crashes.are_too_many


def test_culprit_is_the_innermost_of_its_kind() -> None:
    class Part:
        def fail(self) -> None:
            raise ValueError

    class Whole:
        def __init__(self) -> None:
            self.part = Part()

        def run(self) -> None:
            self.part.fail()

    whole = Whole()
    with pytest.raises(ValueError) as caught:
        whole.run()
    assert culprit(caught.value, Part) is whole.part
    assert culprit(caught.value, Whole) is whole
    assert culprit(caught.value, Crashes) is None
