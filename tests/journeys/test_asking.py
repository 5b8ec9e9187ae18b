"""Asking: the first time, again, while an answer runs, and before the program is ready."""

import os
import re

from tests.instruments.fake_upstream import FakeUpstream
from tests.journeys.person import Person
from tests.tui.terminal import Terminal

SLOW = "openai/tok2000-delay20"


def test_first_run_ends_with_an_answer_of_the_guide(newcomer: Person) -> None:
    term = newcomer.open(wait="Who should answer?")
    assert "needs a key" in term.text
    term.send("\x1b")
    term.wait_gone("Who should answer?")
    newcomer.ask(term, "hello")
    term.wait_for("I am the guide built into chatty")
    term.wait_for("enter send")
    term.send("\x04\x04")
    assert term.wait_end() == 0


def test_first_run_offers_the_key_of_the_shell_first(person: Person, upstream: FakeUpstream) -> None:
    term = person.open(wait="OPENAI_API_KEY is set")
    assert upstream.requests == []
    term.send("\r")
    term.wait_for("▾   ● local")
    assert upstream.requests == []


def test_nobody_is_settled_on_whose_key_is_not_kept(newcomer: Person) -> None:
    """No keyring, and not into a file: the next start asks again."""
    newcomer.home.environ |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    term = newcomer.open(wait="Nothing leaves this machine")
    term.send("\x1b[A" * 9 + "\r")
    term.wait_for("keep and try")
    term.send("sk-unkept\r")
    term.wait_for("keep it there")
    term.send("n")
    term.wait_gone("keep it there")
    assert not os.path.exists(newcomer.home.locations.config_file)
    newcomer.open(wait="Who should answer?")


def test_stopped_answer_keeps_its_text_and_goes_on(person: Person) -> None:
    term = person.open("-m", SLOW)
    person.ask(term, "tell me everything")
    wait_answering(term)
    term.send("\x1b")
    term.wait_for("stopped by you")
    term.wait_for("tab then r retry  c continue  R another model")
    kept = answer_of(term)
    assert kept
    term.send("\tc")
    term.wait_gone("stopped by you")
    wait_answering(term)
    term.send("\x1b")
    term.wait_for("stopped by you")
    assert answer_of(term).startswith(kept)


def test_question_asked_meanwhile_is_answered_after_the_first(person: Person) -> None:
    term = person.open("-m", "openai/tok60-delay20")
    person.ask(term, "first question")
    wait_answering(term)
    person.ask(term, "second question")
    term.wait_until(lambda: term.text.count("tok60-delay20  ") >= 2 and "enter send" in term.text)
    answers = [line for line in term.text.splitlines() if "question" in line and "▌" in line]
    assert [re.sub(r".*▌ +", "", line).strip() for line in answers[-2:]] == [
        "first question",
        "second question",
    ]


def test_keys_typed_while_the_program_starts_are_all_there(person: Person) -> None:
    term = person.open("-m", "openai/echo", wait="")
    term.send("typed early\r")
    # In the header, in the side bar, as the question, and as the answer.
    term.wait_until(lambda: term.text.count("typed early") == 4)


def test_queued_words_wait_for_a_conversation_that_is_still_being_found(person: Person) -> None:
    first = person.open("-m", "openai/echo")
    person.ask(first, "the earlier one")
    first.wait_for("enter send")
    term = person.open("-c", wait="")
    term.send("and the later one\r")
    term.wait_for("▌ and the later one")
    term.wait_for("▌ the earlier one")


def test_two_terminals_see_one_answer_grow(person: Person) -> None:
    one = person.open("-m", SLOW)
    person.ask(one, "for both")
    wait_answering(one)
    other = person.open("-c", columns=80, rows=24)
    wait_answering(other)
    other.send("\x1b")
    one.wait_for("stopped by you")
    other.wait_for("stopped by you")


def wait_answering(term: Terminal) -> None:
    """Return once text has come and its tokens are counted."""
    term.wait_until(lambda: re.search(r"answering \d+ s · \d+ tokens", term.text) is not None)


def answer_of(term: Terminal) -> str:
    """The text of the last answer on the screen, in one line."""
    rows = [row[32:].strip() for row in term.text.splitlines()]
    start = max(n for n, row in enumerate(rows) if row.startswith("tok2000"))
    ends = [n for n, row in enumerate(rows) if n > start and row.startswith(("stopped", "answering"))]
    return " ".join(" ".join(rows[start + 1 : min(ends, default=len(rows))]).split())
