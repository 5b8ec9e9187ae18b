"""Work that goes on beside the screen: whoever starts it does not wait, and a failure becomes a sentence."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chatty.protocol.errors import ProtocolError
from chatty.tui.crashes import Crashes, crash_note
from chatty.tui.store import Store

if TYPE_CHECKING:
    from chatty.client.connection import Client

PAGE_ROWS = 200
"""The largest page a server gives."""


class Desk:
    """The store, the client once there is one, and the work under way."""

    def __init__(self, store: Store, crashes: Crashes | None = None) -> None:
        self.store = store
        self._crashes = crashes
        self._client: asyncio.Future[Client] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open_for_business(self, client: "Client") -> None:
        """Here is the client: what waits for it goes on."""
        self._ready().set_result(client)

    async def client(self) -> "Client":
        """The client, waited for while it is being made."""
        return await asyncio.shield(self._ready())

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start work. What the server refuses is said on the status row."""
        task = asyncio.get_running_loop().create_task(self._see_through(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Cancelled before its first step a task leaves what it was given unopened.
        task.add_done_callback(lambda _: work.close())
        return task

    async def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask the server; waits for the link while it is down. Raises ProtocolError."""
        client = await self.client()
        return await client.call(method, params, timeout_seconds=None)

    async def every(
        self, method: str, params: dict[str, Any], at_most: int = 5 * PAGE_ROWS
    ) -> list[dict[str, Any]]:
        """The rows of a list, over as many pages as it has, up to a bound."""
        rows: list[dict[str, Any]] = []
        cursor: str | None = None
        while len(rows) < at_most:
            place = {"cursor": cursor} if cursor else {}
            page = await self.call(method, {**params, "limit": PAGE_ROWS, **place})
            rows += page["items"]
            cursor = page.get("next")
            if cursor is None:
                break
        return rows

    async def close(self) -> None:
        """Give up all work, and close the client. What was sent and not accepted stays in its outbox."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None and self._client.done() and not self._client.cancelled():
            await self._client.result().close()

    def _ready(self) -> "asyncio.Future[Client]":
        if self._client is None:
            self._client = asyncio.get_running_loop().create_future()
        return self._client

    async def _see_through(self, work: Coroutine[Any, Any, None]) -> None:
        with suppress(asyncio.CancelledError):
            try:
                await work
            except ProtocolError as error:
                self.store.say(error.message, is_of_link=error.family == "connection")
            except Exception as error:
                if self._crashes is None:
                    raise
                self.store.say(crash_note(self._crashes.take(error)))
