"""Writes drafts when the user pauses, and now and then while no pause comes, in a thread: flushing a disk may
take longer than a key may wait."""

import asyncio
from collections.abc import Callable

from chatty.tui.drafts import Draft, Drafts

PAUSE_SECONDS = 0.4
WITHOUT_PAUSE_SECONDS = 1.0
"""No word is older than this and not on its way to the disk, however fast the next ones follow."""
RETRY_SECONDS = 5.0
"""After this time what the disk did not take is tried again, if nothing was written meanwhile."""


class DraftKeeper:
    """Keeps the newest draft of each conversation until it is on disk. Writes never overtake one another.

    Without `drafts` there is no disk, and they are kept as long as the program runs.

    What the disk does not take stays here and is tried again: on the next pause, after a while, at the end.
    """

    def __init__(
        self, drafts: Drafts | None, on_error: Callable[[str], None], retry_seconds: float = RETRY_SECONDS
    ) -> None:
        self._drafts = drafts
        self._on_error = on_error
        self._retry_seconds = retry_seconds
        self._unsaved: dict[str, Draft] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_since: float | None = None
        """When the oldest change was made that no write has begun with."""
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def changed(self, conversation_id: str, draft: Draft) -> None:
        """Remember the draft and write it once nothing changed for a while, or changes never end."""
        self._unsaved[conversation_id] = draft
        if self._drafts is not None:
            now = asyncio.get_running_loop().time()
            if self._waiting_since is None:
                self._waiting_since = now
            left = self._waiting_since + WITHOUT_PAUSE_SECONDS - now
            self._write_in(min(PAUSE_SECONDS, max(left, 0.0)))

    def load(self, conversation_id: str) -> Draft:
        """The draft of a conversation: what was written last, on disk or not yet."""
        if conversation_id in self._unsaved or self._drafts is None:
            return self._unsaved.get(conversation_id, Draft())
        return self._drafts.load(conversation_id)

    def conversations(self) -> set[str]:
        """The conversations that have a draft on disk."""
        return set() if self._drafts is None else self._drafts.conversations()

    async def flush(self) -> bool:
        """Write what is not on disk yet; returns when the disk has taken or refused all of it.

        Says whether everything is safe there.
        """
        await self._write()
        if self._timer is not None:
            self._timer.cancel()
        return self._drafts is not None and not self._unsaved

    def _write_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._start)

    def _start(self) -> None:
        self._waiting_since = None
        self._task = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        if self._drafts is None:
            return
        async with self._lock:
            # Texts first: one that has moved to another name is never under none.
            unsaved = sorted(self._unsaved.items(), key=lambda item: item[1].is_empty)
            for conversation_id, draft in unsaved:
                await self._save(self._drafts, conversation_id, draft)

    async def _save(self, drafts: Drafts, conversation_id: str, draft: Draft) -> None:
        try:
            await asyncio.to_thread(drafts.save, conversation_id, draft)
        except OSError as error:
            self._on_error(f"the draft could not be kept: {error.strerror}")
            self._write_in(self._retry_seconds)
            return
        if self._unsaved.get(conversation_id) is draft:
            del self._unsaved[conversation_id]
