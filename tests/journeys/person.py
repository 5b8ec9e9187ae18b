"""A person with a home of their own, the real program in front of them, and a scripted vendor to ask."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.client.homes import Home
from tests.instruments.fake_upstream import FakeUpstream
from tests.tui.terminal import Terminal

READY = "sk anything"
"""The composer is there; a key may sit on its first letter."""


class Person:
    """Opens terminals; the server starts with the first and is ended with the home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._open: list[Terminal] = []

    def open(
        self,
        *arguments: str,
        columns: int = 120,
        rows: int = 40,
        wait: str = READY,
        environment: dict[str, str] | None = None,
    ) -> Terminal:
        """The program in a new terminal, once `wait` is on its screen."""
        environment = {**self.home.environ, "CHATTY_MODEL": "", "CHATTY_SERVER": "", **(environment or {})}
        term = Terminal(*arguments, columns=columns, rows=rows, environment=environment, module="chatty")
        self._open.append(term)
        if wait:
            term.wait_for(wait)
        return term

    def ask(self, term: Terminal, question: str) -> None:
        """Type a question and send it."""
        term.send(question)
        term.wait_for(question)
        term.send("\r")

    def leave(self) -> None:
        """Close every terminal."""
        for term in self._open:
            term.child.close(force=True)


@contextmanager
def vendor(port: int = 0, upstream: FakeUpstream | None = None) -> Iterator[FakeUpstream]:
    """A scripted upstream in a thread of its own: the tests here wait for terminals, not for a loop."""
    upstream = upstream or FakeUpstream(port=port)
    is_up, loop = threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with upstream:
            is_up.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert is_up.wait(10)
    try:
        yield upstream
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()
