"""Somebody with a home, an earlier life in it, a clock that stands at a fixed day, and the real program."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from chatty.protocol.ids import new_id
from tests.client.homes import Home
from tests.instruments.fake_upstream import FakeUpstream, model_list
from tests.journeys.person import vendor
from tests.pictures import words
from tests.tui.terminal import Terminal

Theme = Literal["dark", "light"]

PICTURED_AT = datetime(2026, 11, 20, 14, 2, 5, tzinfo=UTC)
"""When every picture begins: a Friday, early in a minute, so that no picture lasts into the next."""

_CLOCK = str(Path(__file__).parent / "clock")
_KEY = "sk-pictures"


@dataclass(frozen=True, slots=True)
class Size:
    """Columns and rows of a terminal."""

    columns: int
    rows: int

    def __str__(self) -> str:
        return f"{self.columns}x{self.rows}"


class Sitting:
    """One picture in the making: `open` the program, bring it to the moment, and leave it there."""

    def __init__(self, home: Home, upstream: FakeUpstream, size: Size, theme: Theme) -> None:
        self.home = home
        self.size = size
        self._upstream = upstream
        self._theme = theme
        self._opened: list[Terminal] = []

    # The home.

    def give_key(self) -> None:
        """Set the vendor's key in the shell."""
        self.home.environ |= {"OPENAI_API_KEY": _KEY, "OPENAI_BASE_URL": self._upstream.url}

    def give_past(self) -> None:
        """Fill the home with earlier conversations."""
        for days, title, turns in _PAST:
            self.tell(title, turns, before=timedelta(days=days, hours=4 - days % 3))

    def tell(self, title: str, turns: Sequence[tuple[str, str]], before: timedelta) -> None:
        """Put a conversation of questions and answers where it would be had it been held then."""
        at = PICTURED_AT - before
        conversation = _exported(title, turns, at)
        self.call("conversation.import", conversation=conversation)

    def call(self, method: str, **params: object) -> dict[str, object]:
        """Ask the server, which is started when it does not run."""
        answer: dict[str, object] = self.home.one_shot().call(method, params, timeout_seconds=30)
        return answer

    def add_lab(self) -> None:
        """Know a server of one's own."""
        self.call("provider.add", name="lab", base_url=self._upstream.url)

    def make_prompts(self) -> None:
        """Write a few prompts."""
        for name, body in _PROMPTS:
            self.call("prompt.create", id=new_id(), name=name, body=body)

    # The program.

    def open(
        self, *arguments: str, wait: str = "Ask anything", columns: int = 0, server: str = ""
    ) -> Terminal:
        """The program in a terminal of the picture's size, once `wait` is on its screen."""
        ground = "15;0" if self._theme == "dark" else "0;15"
        environment = {**self.home.environ, "CHATTY_MODEL": "", "CHATTY_SERVER": server, "COLORFGBG": ground}
        term = Terminal(
            *arguments,
            columns=columns or self.size.columns,
            rows=self.size.rows,
            environment=environment,
            module="chatty",
        )
        self._opened.append(term)
        term.wait_for(wait.lstrip("A"))  # the cursor may be on the first letter
        return term

    def open_chat(self) -> Terminal:
        """The program in an empty conversation with the vendor's model, its past at the left, all loaded."""
        self.give_key()
        self.give_past()
        term = self.open("-m", f"openai/{words.MODEL}", wait="answers here")
        self.wait_settled(term)
        return term

    def ask(self, term: Terminal, question: str) -> None:
        """Type a question and send it."""
        term.send(question)
        shown = question[:20]
        term.wait_for(shown)
        term.send("\r")

    def ask_and_wait(self, term: Terminal, question: str) -> None:
        """Ask, and return once the whole answer is there."""
        self.ask(term, question)
        term.wait_for("stop")
        term.wait_for("enter send")

    def wait_settled(self, term: Terminal) -> None:
        """Return once the link stands and the list of conversations has come."""
        if self.size.columns >= 100:
            term.wait_for(_PAST[-1][1])
        if self.size.columns >= 70:
            term.wait_for("●")
        term.wait_gone("◌")  # on narrow screens the link shows only until it stands

    def until(self, term: Terminal, is_met: Callable[[str], bool]) -> None:
        """Return once the screen's text is as wanted."""
        term.wait_until(lambda: is_met(term.text))

    def leave(self) -> None:
        """Close every terminal and end the server."""
        for term in self._opened:
            term.child.close(force=True)
        self.home.clean_up()


@contextmanager
def the_vendor() -> Iterator[FakeUpstream]:
    """Who answers on the pictures."""
    upstream = FakeUpstream(answers=words.answers(), models=model_list(words.MODELS))
    with vendor(upstream=upstream) as running:
        yield running


@contextmanager
def sitting(upstream: FakeUpstream, size: Size, theme: Theme) -> Iterator[Sitting]:
    """A fresh home with nothing in it."""
    ahead = int((PICTURED_AT - datetime.now(UTC)).total_seconds())
    path = os.pathsep.join(filter(None, (_CLOCK, os.environ.get("PYTHONPATH", ""))))
    with TemporaryDirectory(prefix="chatty-picture-") as directory:
        clock = {"PYTHONPATH": path, "PYTHONPICTUREDAHEAD": str(ahead), "TZ": "UTC"}
        made = Sitting(Home(directory, clock), upstream, size, theme)
        try:
            yield made
        finally:
            made.leave()


def _exported(title: str, turns: Sequence[tuple[str, str]], at: datetime) -> dict[str, object]:
    messages: list[dict[str, object]] = []
    for turn, (question, answer) in enumerate(turns):
        asked, answered = at + timedelta(minutes=2 * turn), at + timedelta(minutes=2 * turn, seconds=9)
        messages.append(_message(messages, asked, "user", question))
        messages.append(
            _message(messages, answered, "assistant", answer) | {"model": words.MODEL, "provider": "openai"}
        )
    return {
        "id": new_id(),
        "title": title,
        "created_at": _moment(at),
        "model": f"openai/{words.MODEL}",
        "leaf": messages[-1]["id"],
        "messages": messages,
    }


def _message(before: list[dict[str, object]], at: datetime, role: str, text: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "parent_id": before[-1]["id"] if before else None,
        "role": role,
        "status": "completed",
        "created_at": _moment(at),
        "parts": [{"type": "text", "text": text}],
    }


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


_PAST: tuple[tuple[int, str, tuple[tuple[str, str], ...]], ...] = (
    (0, "Release notes", (("What changed since 2.3?", "Retries, the new search, and the light theme."),)),
    (
        0,
        "Postgres vacuum",
        (("When does autovacuum run?", "Once a fifth of the rows have changed, and a retry after a lock."),),
    ),
    (1, "SQL window functions", (("What is a frame?", "The rows around the current one."),)),
    (1, "Trip to Kyoto", (("Three days in November?", "Start with the east side, early."),)),
    (1, "Naming the CLI verbs", (("list or ls?", "`list`, and `ls` as its short name."),)),
    (
        4,
        "Kubernetes probes, again",
        (
            (
                "Should the readiness probe retry?",
                "No: a probe is asked again anyway. A retry inside it only hides how long it takes.",
            ),
            ("And the liveness probe?", "The same, with a longer period."),
        ),
    ),
    (5, "Letter to the landlord", (("Too long?", "By half. Begin with the boiler."),)),
    (6, "Budget spreadsheet formula", (("SUMIFS?", "Yes, with two ranges."),)),
)
"""Days ago, title, and what was said; newest first."""

_PROMPTS = (
    ("commit-message", "Write the commit message for this diff. Subject under 50 characters, then why."),
    ("explain", "Explain this to somebody who knows the language and not the code base."),
    ("release-notes", "Turn these commits into release notes for users, without names of files."),
    ("review", "Review this change. Say what is wrong first, what is unclear second, praise last."),
)
