"""What the open conversation has cost: summed by the server over the whole path, loaded here or not."""

import asyncio

from chatty.protocol.errors import ProtocolError
from chatty.tui.control.desk import Desk


class Spending:
    """Asks when something may have been spent, for the newest state only."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Find out anew; returns at once."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._desk.begin(self._ask())

    async def _ask(self) -> None:
        opened, leaf = self._desk.store.open, self._desk.store.stored_leaf()
        if opened is None or leaf is None:
            return
        try:
            answer = await self._desk.call("usage.summary", {"conversation_id": opened.id, "leaf": leaf})
        except ProtocolError:
            return  # a figure beside the rest: without it nothing is lost, and nothing is to be said
        self._desk.store.apply_spent(opened.id, answer["total"])
