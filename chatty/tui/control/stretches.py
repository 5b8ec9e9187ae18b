"""Brings messages of the open conversation's path to hand where they are wanted, a page at a time."""

import asyncio
from typing import Any

from chatty.tui.backend import Where
from chatty.tui.control.desk import Desk

_PAGE = 50


class Stretches:
    """Loads stretches of the path; what is on its way is not asked for again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store
        self._under_way: set[tuple[str, Where]] = set()
        """Conversation, and on which side of what is at hand."""

    def want(self, conversation_id: str, message_id: str, where: Where) -> None:
        """Load messages before, behind or around this one."""
        wanted = conversation_id, where
        if wanted in self._under_way:
            return
        self._under_way.add(wanted)
        loading = self._desk.begin(self.load(conversation_id, message_id, where))
        loading.add_done_callback(lambda _: self._under_way.discard(wanted))

    async def load(self, conversation_id: str, message_id: str, where: Where) -> None:
        """Load them, and return once they are at hand. Raises ProtocolError."""
        match where:
            case "before":
                page = await self._page(conversation_id, before=message_id, limit=_PAGE)
                self._store.apply_older(conversation_id, page)
            case "behind":
                page = await self._page(conversation_id, after=message_id, limit=_PAGE)
                self._store.apply_newer(conversation_id, page)
            case "around":
                up_to, behind = await asyncio.gather(
                    self._page(conversation_id, leaf=message_id, limit=_PAGE // 2),
                    self._page(conversation_id, after=message_id, limit=_PAGE // 2),
                )
                self._store.apply_around(conversation_id, up_to, behind)

    async def _page(self, conversation_id: str, **which: Any) -> dict[str, Any]:
        return await self._desk.call("message.list", {"conversation_id": conversation_id, **which})
