"""Brings messages of the open conversation's path to hand where they are wanted, a page at a time."""

from typing import Any

from chatty.tui.backend import Where
from chatty.tui.control.desk import Desk

_PAGE = 50


class Stretches:
    """Loads stretches of the path; the same one is never asked for twice at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store
        self._under_way: set[tuple[str, Where]] = set()

    def want(self, conversation_id: str, message_id: str, where: Where) -> None:
        """Load messages before, behind or around this one."""
        if (message_id, where) in self._under_way:
            return
        self._under_way.add((message_id, where))
        loading = self._desk.begin(self.load(conversation_id, message_id, where))
        loading.add_done_callback(lambda _: self._under_way.discard((message_id, where)))

    async def load(self, conversation_id: str, message_id: str, where: Where) -> None:
        """Load them, and return once they are at hand."""
        question = stretch_question(self._store.stored_path(), message_id, where)
        if question is None:
            return
        page = await self._desk.call("message.list", {"conversation_id": conversation_id, **question})
        self._store.apply_stretch(conversation_id, page)


def stretch_question(path: list[str], message_id: str, where: Where) -> dict[str, Any] | None:
    """What to ask of `message.list` for a page of this path; None for a message that is not on it."""
    if message_id not in path:
        return None
    place = path.index(message_id)
    end = {"before": place, "around": place + _PAGE // 2, "behind": place + 1 + _PAGE}[where]
    if end < len(path):
        return {"before": path[end], "limit": _PAGE}
    limit = len(path) - place - 1 if where == "behind" else _PAGE
    return {"leaf": path[-1], "limit": max(limit, 1)}
