"""Who could answer, on the first run."""

import pytest

from chatty.tui.control.offers import OWN_SERVER, endpoint_name, offers
from chatty.tui.themes import can_be_asked, theme_for
from chatty.tui.themes.choosing import is_light


def provider(name: str, source: str, kind: str = "openai", **more: str) -> dict[str, str]:
    return {"name": name, "kind": kind, "key_source": source, **more}


def test_what_is_found_comes_first_and_the_guide_last() -> None:
    shown = offers(
        [
            provider("groq", "missing"),
            provider("openai", "environment"),
            provider("mine", "not_needed", base_url="http://127.0.0.1:1/v1"),
            provider("guide", "not_needed", "guide"),
        ]
    )
    assert [(offer.name, offer.state, offer.group) for offer in shown] == [
        ("openai", "ready", "Found"),
        ("mine", "ready", "Found"),
        ("groq", "needs a key", "Set up"),
        (OWN_SERVER, "needs an address", "Set up"),
        ("guide", "ready", "Built in"),
    ]
    assert [offer.found for offer in shown[:2]] == ["OPENAI_API_KEY is set", "at http://127.0.0.1:1/v1"]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://127.0.0.1:8080/v1", "127.0.0.1-8080"),
        ("https://user:secret@Models.Example.ORG/v1", "models.example.org"),
        ("http://[::1]:8080", "1-8080"),
        ("nonsense", "own-server"),
        ("http://[", "own-server"),
    ],
)
def test_endpoint_is_named_after_its_host_and_never_after_a_secret(address: str, name: str) -> None:
    assert endpoint_name(address) == name


@pytest.mark.parametrize(
    ("environ", "theme"),
    [
        ({"TERM": "xterm-256color"}, "chatty-dark"),
        ({"TERM": "xterm-256color", "COLORFGBG": "0;15"}, "chatty-light"),
        ({"TERM": "vt100", "COLORFGBG": "15;0"}, "terminal-dark"),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "COLORFGBG": "0;default;7"}, "chatty-light"),
        ({"TERM": "xterm", "COLORTERM": "yes"}, "terminal-dark"),
        ({}, "terminal-dark"),
    ],
)
def test_theme_suits_what_the_terminal_says_of_itself(environ: dict[str, str], theme: str) -> None:
    assert theme_for(environ) == theme


@pytest.mark.parametrize(
    ("colour", "light"),
    [("ffff/fafa/f8f8", True), ("15/17/1c", False), ("f/f/f", True), ("0/0/ffff", False), ("", False)],
)
def test_background_is_light_or_dark(colour: str, light: bool) -> None:
    assert is_light(colour) is light


@pytest.mark.parametrize(
    ("environ", "may"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "linux"}, False),
        ({}, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
    ],
)
def test_terminals_that_would_show_the_question_are_not_asked(environ: dict[str, str], may: bool) -> None:
    assert can_be_asked(environ) is may
