"""What the screen looks like: what the terminal says of itself, unless the person has chosen."""

import os

import pytest

from tests.journeys.person import Person
from tests.tui.terminal import Terminal

QUESTION = b"\x1b]11;?\x1b\\"
LIGHT = "\x1b]11;rgb:ffff/fafa/f8f8\x1b\\"
PAGE = {"dark": "15171c", "light": "fbfaf8"}


def page(term: Terminal) -> str:
    """The colour of the page, in the corner at the right below."""
    screen = term.screen
    return str(screen.buffer[screen.lines - 1][screen.columns - 1].bg)


def test_light_terminal_gets_the_light_theme_and_its_word_is_not_typed(person: Person) -> None:
    term = person.open("-m", "openai/echo", wait="● local")
    term.wait_until(lambda: page(term) == PAGE["dark"])
    term.wait_written(QUESTION)
    assert term.written.count(QUESTION) == 1
    term.send(LIGHT)
    term.wait_until(lambda: page(term) == PAGE["light"])
    term.wait_for("Ask anything")


@pytest.mark.parametrize("theme", ["chatty-dark", "chatty-light"])
def test_chosen_theme_wins_and_nothing_is_asked(person: Person, theme: str) -> None:
    path = person.home.locations.config_file
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as config:
        config.write(f'[screen]\ntheme = "{theme}"\n')
    term = person.open("-m", "openai/echo", wait="● local")
    assert QUESTION not in term.written
    term.send(LIGHT + "x")
    term.wait_for("│ x")
    assert page(term) == PAGE[theme.removeprefix("chatty-")]
