"""Text in flight on its way to the disk: one write for all runs, a few times a second.

Nobody waits for it. After a crash a reply lacks at most what was written since the last turn. A run
that ends takes its text along in its own last write and is not the journal's business any more.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from chatty.server.clock import now_ms
from chatty.server.live.active import ActiveRun
from chatty.server.run_writes import keep_text
from chatty.store.database import SYSTEM
from chatty.store.errors import StoreError
from chatty.store.rows import StoredEvent

logger = logging.getLogger(__name__)

INTERVAL_SECONDS: Final = 0.25
"""Twice this, and the time of one write, bounds what a crash can cost."""
EARLY_CODE_POINTS: Final = 16 << 10


class TextJournal:
    """Keeps the text of active runs. Built and closed by the engine.

    Args:
        publish: tells watchers of the events a write caused.
    """

    def __init__(self, publish: Callable[[Iterable[StoredEvent]], None]) -> None:
        self._publish = publish
        self._dirty: set[str] = set()
        self._runs: dict[str, ActiveRun] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def follow(self, active: ActiveRun) -> None:
        """Begin to keep a run's text."""
        self._runs[active.run.id] = active

    async def leave(self, active: ActiveRun) -> None:
        """Stop keeping a run's text: its last write will have all of it.

        Returns when no write of ours is under way, so that the two cannot announce a part twice.
        """
        self._runs.pop(active.run.id, None)
        self._dirty.discard(active.run.id)
        if self._writing is not None and not self._writing.done():
            await asyncio.wait({self._writing})

    def note(self, active: ActiveRun) -> None:
        """Note that a run has new text."""
        self._dirty.add(active.run.id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self._begin_write)
        elif active.unkept_code_points >= EARLY_CODE_POINTS:
            self._begin_write()

    async def close(self) -> None:
        """Finish the write under way and begin no other."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is not None:
            await asyncio.wait({self._writing})

    def _begin_write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())
        else:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self._begin_write)

    async def _write(self) -> None:
        dirty, self._dirty = self._dirty, set()
        by_database: dict[int, list[ActiveRun]] = {}
        for run_id in dirty:
            if active := self._runs.get(run_id):
                by_database.setdefault(id(active.ticket.database), []).append(active)
        for group in by_database.values():
            await self._write_group(group)

    async def _write_group(self, group: list[ActiveRun]) -> None:
        taken = [(active, active.unkept()) for active in group]
        pieces = [piece for _, own in taken for piece in own]
        if not pieces:
            return
        try:
            events = await group[0].ticket.database.write(SYSTEM, keep_text, pieces, now_ms())
        except StoreError as error:
            # The text stays in memory; the next turn, or the run's end, tries again.
            logger.warning("text in flight could not be kept: %s", error)
            self._dirty.update(active.run.id for active in group)
            self._retry_later()
            return
        for active, own in taken:
            active.note_kept(own)
        self._publish(events)

    def _retry_later(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(1.0, self._begin_write)
