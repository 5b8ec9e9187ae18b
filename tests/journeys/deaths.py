"""Ways in which a client ends without being asked, and what must be left: the server, and nothing else."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.client.homes import Home
from tests.journeys.person import Person
from tests.tui.terminal import Terminal

GONE_SECONDS = 2.0
SLOW = "openai/tok2000-delay20"


def _hang_up(term: Terminal) -> None:
    term.hang_up()


def _signalled(number: signal.Signals) -> Callable[[Terminal], None]:
    def send(term: Terminal) -> None:
        os.kill(term.pid, number)
        term.wait_end()

    return send


DEATHS: dict[str, Callable[[Terminal], None]] = {
    "SIGHUP": _signalled(signal.SIGHUP),
    "SIGKILL": _signalled(signal.SIGKILL),
    "SIGTERM": _signalled(signal.SIGTERM),
    "closed terminal": _hang_up,
}


@dataclass(frozen=True, slots=True)
class Left:
    """What a death left."""

    seconds: float
    """Until the client was gone."""
    servers: int
    children: int
    """Processes the client had started, still there."""


def die(person: Person, kind: str, *, answering: bool) -> Left:
    """Open the full-screen client, let it ask if wanted, and end it."""
    term = person.open("-m", SLOW)
    if answering:
        person.ask(term, "go on without me")
        term.wait_for("answering")
    else:
        term.wait_for("● local")
    children = _children_of(term.pid)
    began = time.monotonic()
    DEATHS[kind](term)
    seconds = time.monotonic() - began
    left = sum(Path(f"/proc/{pid}").exists() for pid in children)
    return Left(seconds, len(servers_of(person.home)), left)


def servers_of(home: Home) -> list[int]:
    """The processes that serve a home, dead ones that nobody has collected included."""
    wanted = os.fsencode(home.locations.data_dir)
    return [pid for pid in _processes() if wanted in _words_of(pid) and b"chatty.server" in _words_of(pid)]


def _children_of(pid: int) -> list[int]:
    found = []
    for other in _processes():
        try:
            stat = Path(f"/proc/{other}/stat").read_text()
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == pid:
            found.append(other)
    return found


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _words_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
