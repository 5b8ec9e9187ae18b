"""Links: what a person sees, and what may be opened."""

import webbrowser

import pytest

from chatty.rendering.errors import LinkRefused
from chatty.rendering.links import is_openable, link_suffix, open_url, true_host


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the browser was asked to open."""
    hrefs: list[str] = []

    def take(href: str) -> bool:
        hrefs.append(href)
        return True

    monkeypatch.setattr(webbrowser, "open", take)
    return hrefs


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
        ("x", "https://evil.example\\@bank.example/", "x (https://evil.example\\@bank.example/)"),
    ],
)
def test_the_true_host_shows_when_the_text_does_not_say_it(text: str, href: str, shown: str) -> None:
    assert text + link_suffix(text, href) == shown


def test_a_long_target_without_host_is_cut() -> None:
    assert len(true_host("data:text/html," + "x" * 500)) == 60


@pytest.mark.parametrize(
    "href", ["https://example.org/a?b=c#d", "http://127.0.0.1:8000", "mailto:ada@example.org"]
)
def test_web_and_mail_links_open(href: str, opened: list[str]) -> None:
    assert open_url(href)

    assert opened == [href]


def test_it_is_told_when_nothing_could_open_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(href: str) -> bool:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "open", fail)

    assert not open_url("https://example.org")


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
        "https://evil.example\\@bank.example/",
    ],
)
def test_other_links_are_refused(href: str, opened: list[str]) -> None:
    with pytest.raises(LinkRefused):
        open_url(href)

    assert not is_openable(href)
    assert opened == []


def test_the_refusal_names_the_scheme() -> None:
    with pytest.raises(LinkRefused) as refusal:
        open_url("file:///etc/passwd")

    assert refusal.value.scheme == "file"
