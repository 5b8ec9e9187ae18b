"""Which database a conversation lives in: the durable one, or memory for those that keep nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from chatty.store.database import Database

OpenDatabase = Callable[[], Awaitable[Database]]


class Stores:
    """The databases of one server. Ephemeral conversations use the same SQL on a database in memory."""

    def __init__(self, durable: Database, open_memory: OpenDatabase) -> None:
        self.durable: Final = durable
        self._open_memory = open_memory
        self._memory: Database | None = None
        self._opening = asyncio.Lock()
        self._ephemeral: set[str] = set()

    def of(self, conversation_id: str | None) -> Database:
        """Return the database of a conversation; an unknown one is looked for in the durable one."""
        if self._memory is not None and conversation_id in self._ephemeral:
            return self._memory
        return self.durable

    def is_ephemeral(self, conversation_id: str) -> bool:
        """Tell whether a conversation lives in memory only."""
        return conversation_id in self._ephemeral

    async def keep_in_memory(self, conversation_id: str) -> None:
        """Let a conversation that is about to be made live in memory only."""
        async with self._opening:
            if self._memory is None:
                self._memory = await self._open_memory()
        self._ephemeral.add(conversation_id)

    def forget(self, conversation_id: str) -> None:
        """Note that an ephemeral conversation is gone."""
        self._ephemeral.discard(conversation_id)

    async def close(self) -> None:
        """Close what was opened. Writes that were accepted are on disk when this returns."""
        if self._memory is not None:
            await self._memory.close()
        await self.durable.close()
