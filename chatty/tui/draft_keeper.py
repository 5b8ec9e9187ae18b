"""Writes drafts when the user pauses, in a thread: flushing a disk may take longer than a key may wait."""

import asyncio
from collections.abc import Callable

from chatty.tui.drafts import Draft, Drafts

PAUSE_SECONDS = 0.4


class DraftKeeper:
    """Keeps the newest draft of each conversation until it is on disk. Writes never overtake one another."""

    def __init__(self, drafts: Drafts | None, on_error: Callable[[str], None]) -> None:
        self._drafts = drafts
        self._on_error = on_error
        self._unsaved: dict[str, Draft] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[bool] | None = None

    def changed(self, conversation_id: str, draft: Draft) -> None:
        """Remember the draft and write it once nothing changed for a while."""
        if self._drafts is None:
            return
        self._unsaved[conversation_id] = draft
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._start)

    def load(self, conversation_id: str) -> Draft:
        """The draft of a conversation: what was written last, on disk or not yet."""
        if conversation_id in self._unsaved or self._drafts is None:
            return self._unsaved.get(conversation_id, Draft())
        return self._drafts.load(conversation_id)

    def conversations(self) -> set[str]:
        """The conversations that have a draft on disk."""
        return set() if self._drafts is None else self._drafts.conversations()

    async def flush(self) -> bool:
        """Write what is not on disk yet; returns when it is, and whether all of it is."""
        if self._timer is not None:
            self._timer.cancel()
        return await self._write()

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> bool:
        if self._drafts is None:
            return False
        is_safe = True
        async with self._lock:
            while self._unsaved:
                conversation_id, draft = next(iter(self._unsaved.items()))
                try:
                    await asyncio.to_thread(self._drafts.save, conversation_id, draft)
                except OSError as error:
                    self._on_error(f"the draft could not be kept: {error.strerror}")
                    self._unsaved.pop(conversation_id, None)
                    is_safe = False
                if self._unsaved.get(conversation_id) is draft:
                    del self._unsaved[conversation_id]
        return is_safe
