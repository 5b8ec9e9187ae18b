"""Links: what a person sees, and what may be opened."""

import pytest

from chatty.rendering.errors import LinkRefused
from chatty.rendering.links import display_link, is_openable, open_url, true_host


@pytest.mark.parametrize(
    ("text", "href", "shown"),
    [
        ("docs", "https://docs.example/a", "docs (docs.example)"),
        ("https://docs.example/a", "https://docs.example/a", "https://docs.example/a"),
        ("docs.example/a", "https://docs.example/a/", "docs.example/a"),
        ("https://bank.example", "https://evil.example/", "https://bank.example (evil.example)"),
        ("bank", "https://bank.example@evil.example/", "bank (evil.example)"),
        ("bank", "https://bank.example:secret@evil.example:8443/", "bank (evil.example)"),
        ("bank", "https://bаnk.example/", "bank (xn--bnk-6cd.example)"),
        ("https://bаnk.example", "https://bаnk.example", "https://bаnk.example (xn--bnk-6cd.example)"),
        (
            "https://bank.example@evil.example",
            "https://bank.example@evil.example",
            "https://bank.example@evil.example (evil.example)",
        ),
        ("write", "mailto:ada@example.org", "write (example.org)"),
        ("ada@example.org", "mailto:ada@example.org", "ada@example.org"),
        ("click", "javascript:alert(1)", "click (javascript:alert(1))"),
        ("page", "docs/page.md", "page (docs/page.md)"),
        ("x", "https://[broken", "x (https://[broken)"),
    ],
)
def test_the_true_host_shows_when_the_text_does_not_say_it(text: str, href: str, shown: str) -> None:
    assert display_link(text, href) == shown


def test_a_long_target_without_host_is_cut() -> None:
    assert len(true_host("data:text/html," + "x" * 500)) == 60


@pytest.mark.parametrize(
    "href", ["https://example.org/a?b=c#d", "http://127.0.0.1:8000", "mailto:ada@example.org"]
)
def test_web_and_mail_links_open(href: str) -> None:
    opened: list[str] = []

    open_url(href, opened.append)

    assert opened == [href]


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "ssh://host",
        "x-man-page://ls",
        "--new-window=x",
        "example.org",
        "",
        "https:",
        "https:///path",
        "mailto:",
        "https://[broken",
        "https://e.example/\x1b]52;c;x\x07",
        "https://e.example/ rm",
        "https://e.example/\u202egpj",
        " https://e.example",
    ],
)
def test_other_links_are_refused(href: str) -> None:
    opened: list[str] = []

    with pytest.raises(LinkRefused):
        open_url(href, opened.append)

    assert not is_openable(href)
    assert opened == []


def test_the_refusal_names_the_scheme() -> None:
    with pytest.raises(LinkRefused) as refusal:
        open_url("file:///etc/passwd", print)

    assert refusal.value.scheme == "file"
