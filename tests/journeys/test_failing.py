"""What goes wrong is said where it happened, and nothing that was written is lost."""

import os
import signal
import time

import pytest

from chatty.client.local import is_held
from tests.journeys.deaths import DEATHS, die
from tests.journeys.person import Person
from tests.journeys.test_asking import SLOW, wait_answering
from tests.tui.terminal import Terminal

LEAVE_SECONDS = 20.0
"""Nobody hangs. How soon they really leave is measured by command: `benchmarks/client_deaths.py`."""


def failed_line(term: Terminal) -> str:
    """The first line of the failure under an answer."""
    return next(line for line in term.text.splitlines() if "failed  " in line)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("openai/fault-401", "did not accept the key (401)"),
        ("openai/fault-429-quota", "(429)"),
        ("openai/no-such-model", "has no model 'no-such-model'"),
    ],
)
def test_refusal_of_the_vendor_stands_under_the_answer(person: Person, model: str, words: str) -> None:
    term = person.open("-m", model)
    person.ask(term, "will this work")
    term.wait_for("failed  ")
    term.wait_for("tab then r retry")
    assert words in failed_line(term)


def test_vendor_that_is_not_there_is_named(person: Person) -> None:
    person.home.environ["OPENAI_BASE_URL"] = "http://127.0.0.1:1/v1"
    term = person.open("-m", "openai/echo")
    person.ask(term, "anybody")
    term.wait_for("failed  ")
    assert "openai cannot be reached: Connection refused" in failed_line(term)


def test_unknown_provider_gives_the_text_back_with_the_reason(person: Person) -> None:
    term = person.open("-m", "nobody/x")
    person.ask(term, "precious words")
    term.wait_for("there is no provider")
    term.wait_for("│ precious words")


def test_killed_server_leaves_the_text_and_a_way_on(person: Person) -> None:
    term = person.open("-m", SLOW)
    person.ask(term, "survive")
    wait_answering(term)
    # What came in the last half second may be lost with the server, and without a word nothing can go on.
    term.watch(1.5)
    person.home.kill()
    term.wait_for("reconnecting")
    term.wait_for("interrupted  the server ended while it was answering")
    term.wait_for("tab then r retry  c continue  R another model")
    term.wait_for("● local")
    term.send("\tc")
    wait_answering(term)


def test_stopped_server_is_started_again_by_the_next_question(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    term.wait_for("● local")
    person.home.one_shot().call("server.stop", {}, timeout_seconds=10)
    person.ask(term, "is anybody there")
    term.wait_until(lambda: term.text.count("is anybody there") == 4)


def test_written_words_are_back_after_the_client_was_killed(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    term.send("words that were not sent")
    drafts = os.path.join(person.home.locations.drafts_dir, "local")
    term.wait_until(
        lambda: os.path.isdir(drafts) and any(name.endswith(".json") for name in os.listdir(drafts))
    )
    os.kill(term.pid, signal.SIGKILL)
    again = person.open("-m", "openai/echo", wait="words that were not sent")
    again.send("\r")
    again.wait_until(lambda: again.text.count("words that were not sent") == 4)
    third = person.open("-m", "openai/echo", wait="answers here")
    assert "│ words" not in third.text


def test_words_of_a_client_that_lives_stay_with_it(person: Person) -> None:
    one = person.open("-m", "openai/echo")
    one.send("mine alone")
    drafts = os.path.join(person.home.locations.drafts_dir, "local")
    one.wait_until(
        lambda: os.path.isdir(drafts) and any(name.endswith(".json") for name in os.listdir(drafts))
    )
    other = person.open("-m", "openai/echo", wait="answers here")
    assert "mine alone" not in other.text


def test_closed_terminal_ends_the_client_and_not_the_answer(person: Person) -> None:
    term = person.open("-m", SLOW)
    person.ask(term, "go on without me")
    wait_answering(term)
    began = time.monotonic()
    term.hang_up()
    assert time.monotonic() - began < LEAVE_SECONDS
    assert is_held(person.home.locations.lock_path)
    again = person.open("-c", wait="go on without me")
    wait_answering(again)


def test_signals_that_end_a_terminal_end_the_client_soon(person: Person) -> None:
    for number in (signal.SIGHUP, signal.SIGTERM):
        term = person.open("-m", "openai/echo", wait="● local")
        began = time.monotonic()
        os.kill(term.pid, number)
        status = term.wait_end()
        assert time.monotonic() - began < LEAVE_SECONDS
        assert status in (128 + number, -number)
    assert is_held(person.home.locations.lock_path)


@pytest.mark.parametrize("kind", sorted(DEATHS))
def test_client_that_dies_while_it_is_answered_leaves_one_server_and_no_child(
    person: Person, kind: str
) -> None:
    """A hundred times by command: `benchmarks/client_deaths.py`."""
    left = die(person, kind, answering=True)
    assert (left.servers, left.children) == (1, 0)
    assert left.seconds < LEAVE_SECONDS
