"""A cable between a person's programs and their server, and somebody who pulls it.

The server listens where it always does; the programs are told of the other end of the cable by
``CHATTY_SERVER``. What a program does meanwhile is `sent_while_unplugged`: small in the tests, as long as
wanted by command (``benchmarks/unplugged.py``).
"""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from tests.client.homes import Home
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.fault_proxy import FaultProxy, Plan
from tests.journeys.person import Person


class Cable:
    """Carries bytes in a thread of its own: journeys wait for terminals, not for a loop."""

    def __init__(self, path: str, proxy: FaultProxy, loop: asyncio.AbstractEventLoop) -> None:
        self.path = path
        self._proxy = proxy
        self._loop = loop

    @property
    def server(self) -> str:
        """What ``CHATTY_SERVER`` has to say."""
        return f"unix:{self.path}"

    def deafen(self) -> None:
        """From now on the server hears what is sent, and what it answers is lost."""
        self._do(lambda: setattr(self._proxy, "is_deaf", True))

    def pull(self) -> None:
        """Cut what is connected, and let nobody connect."""

        def cut() -> None:
            self._proxy.is_refusing, self._proxy.is_deaf = True, False
            self._proxy.cut_all()

        self._do(cut)

    def plug_in(self) -> None:
        """Let them connect again."""
        self._do(lambda: setattr(self._proxy, "is_refusing", False))

    def _do(self, what: Callable[[], None]) -> None:
        async def do() -> None:
            what()

        asyncio.run_coroutine_threadsafe(do(), self._loop).result(10)


@contextmanager
def cable(home: Home, path: str) -> Iterator[Cable]:
    """A cable from a socket at the path to the home's server, which is started where it does not run."""
    home.pid()
    loop, is_up = asyncio.new_event_loop(), threading.Event()
    over, found = asyncio.Event(), list[FaultProxy]()

    async def carry() -> None:
        plan = Plan(seed=1)
        async with FaultProxy.unix(listen=path, connect=home.locations.socket_path, plan=plan) as proxy:
            found.append(proxy)
            is_up.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(carry()))
    thread.start()
    assert is_up.wait(10)
    try:
        yield Cable(path, found[0], loop)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question."""

    stored: int
    """Messages with its text."""
    asked: int
    """Requests for it that reached the vendor."""
    unsent: int
    """Files left in the outbox."""
    back_seconds: float
    """From plugging in until the header said that the link stands."""


def sent_while_unplugged(
    person: Person, upstream: FakeUpstream, cable: Cable, *, seconds: float, is_heard: bool
) -> Outcome:
    """Send from the full screen while the cable is pulled for so long; return what became of it.

    Args:
        is_heard: the server still hears the message, and its answer is lost, before the cable is pulled.
    """
    question = "does this arrive once"
    term = person.open("-m", "openai/echo", environment={"CHATTY_SERVER": cable.server})
    term.wait_for("● ")
    term.send(question)
    term.wait_for(question)
    if is_heard:
        cable.deafen()
        term.send("\r")
        term.wait_until(lambda: any(request.method == "POST" for request in upstream.requests))
    cable.pull()
    term.wait_for("◌ reconnecting")
    if not is_heard:
        term.send("\r")
    term.wait_for("offline · 1 message waiting")
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        term.watch(0.5)
        assert "◌ reconnecting" in term.text, term.text
        assert "offline · 1 message waiting" in term.text, term.text
        assert unsent_files(person.home) == 1
    plugged_at = time.monotonic()
    cable.plug_in()
    term.wait_for("● ")
    back_seconds = time.monotonic() - plugged_at
    # In the header, in the side bar, as the question, and as the answer.
    term.wait_until(lambda: term.text.count(question) == 4)
    term.wait_gone("waiting")
    term.wait_until(lambda: unsent_files(person.home) == 0)
    left = unsent_files(person.home)
    asked = [request for request in upstream.requests if request.method == "POST"]
    return Outcome(stored(person.home, question), len(asked), left, back_seconds)


def stored(home: Home, text: str) -> int:
    """How many messages of a person have this text."""
    statement = "SELECT COUNT(*) FROM message_parts JOIN messages ON id = message_id WHERE role = 'user'"
    with closing(sqlite3.connect(f"file:{home.locations.database_path}?mode=ro", uri=True)) as database:
        (count,) = database.execute(f"{statement} AND text = ?", (text,)).fetchone()
    return int(count)


def unsent_files(home: Home) -> int:
    """How many messages are kept as not accepted yet."""
    return sum(len(files) for _, _, files in os.walk(home.locations.outbox_dir))
