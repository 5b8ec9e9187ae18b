"""Bringing the outbox to the server: in order within a conversation, until the server has spoken.

It repeats under the same ids as often as it takes. Only a refusal that would be repeated ends the
attempts; the text then stays on disk for the person to see. When an entry goes to the disk is decided in
``keeping.py``.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from chatty.client.backoff import Backoff
from chatty.client.errors import link_error
from chatty.client.keeping import Keeping
from chatty.client.outbox import Entry, Outbox
from chatty.client.updates import OutboxChanged
from chatty.protocol.errors import ProtocolError

Request = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

logger = logging.getLogger(__name__)

_BUSY = Backoff(first_seconds=0.5, cap_seconds=30.0)


class Delivery:
    """Delivers entries of one outbox.

    Args:
        request: waits for the link, asks, and raises ``connection/lost`` when the link breaks.
        is_online: whether the link stands now.
        tell: hears of every change.
        random: returns a number in ``[0, 1)``.
    """

    def __init__(
        self,
        outbox: Outbox,
        request: Request,
        is_online: Callable[[], bool],
        tell: Callable[[OutboxChanged], None],
        random: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._request = request
        self._is_online = is_online
        self._tell = tell
        self._random = random
        self._newest: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._waiting: set[asyncio.Task[dict[str, Any]]] = set()
        self._accepted: Counter[str] = Counter()
        self._keeping: set[Keeping] = set()
        """Of entries whose file may be to be written yet."""
        self._has_resumed = False

    @property
    def waiting(self) -> int:
        """How many entries are not accepted yet."""
        return len(self._waiting)

    async def resume(self) -> None:
        """Take up what an earlier program, or another one, has left in the outbox; once is enough.

        Raises:
            ProtocolError: ``storage/…``, when the outbox cannot be read; the next call tries again.
        """
        if self._has_resumed:
            return
        left = await asyncio.to_thread(self._outbox.entries)
        self._has_resumed = True
        for entry in left:
            if not entry.is_refused:
                self._begin(Keeping.of_a_file(self._outbox, entry))

    async def send(
        self, method: str, params: dict[str, Any], on_kept: Callable[[], None] | None = None
    ) -> dict[str, Any]:
        """Deliver a new request and return its result, however long that takes.

        Cancelling stops the waiting only: the entry stays and is delivered. ``on_kept`` is called when a
        disk has it, ours or the server's, unless ours never takes it.

        Raises:
            ProtocolError: the server refused it for good; it cannot be sent as it is
                (``invalid_params/…``) or not be kept (``storage/…``).
        """
        keeping = Keeping(self._outbox, self._outbox.prepare(method, params), on_kept)
        return await asyncio.shield(self._begin(keeping))

    async def refused(self) -> list[Entry]:
        """Return what was refused for good and not discarded, by whichever program it was sent."""
        return [entry for entry in await asyncio.to_thread(self._outbox.entries) if entry.is_refused]

    async def discard(self, entry_id: str) -> None:
        """Forget an entry that was refused; one that is gone already is fine."""
        await asyncio.to_thread(self._outbox.discard, entry_id)

    async def settle(self, conversation_id: str) -> bool:
        """Wait for what is on its way to a conversation; tell whether there was anything."""
        newest = self._newest.get(conversation_id)
        if newest is None:
            return False
        await asyncio.wait([newest])
        return True

    def accepted(self, conversation_id: str) -> int:
        """How many entries of a conversation the server has accepted so far."""
        return self._accepted[conversation_id]

    async def close(self) -> None:
        """Stop; what was not accepted is on the disk when this returns."""
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)
        await asyncio.gather(*(keeping.on_disk() for keeping in self._keeping), return_exceptions=True)

    def _begin(self, keeping: Keeping) -> asyncio.Task[dict[str, Any]]:
        entry = keeping.entry
        before = self._newest.get(entry.conversation_id)
        task = asyncio.create_task(self._deliver_after(before, keeping))
        self._newest[entry.conversation_id] = task
        self._waiting.add(task)
        self._keeping.add(keeping)
        task.add_done_callback(lambda done: self._forget(keeping, done))
        self._tell(OutboxChanged(self.waiting))
        return task

    def _forget(self, keeping: Keeping, task: asyncio.Task[dict[str, Any]]) -> None:
        entry = keeping.entry
        self._waiting.discard(task)
        if not task.cancelled():
            self._keeping.discard(keeping)  # the server has spoken
        if self._newest.get(entry.conversation_id) is task:
            del self._newest[entry.conversation_id]
        error = None if task.cancelled() else task.exception()
        refusal = error if isinstance(error, ProtocolError) else None
        self._tell(OutboxChanged(self.waiting, entry.id if refusal else None, refusal))

    async def _deliver_after(
        self,
        before: asyncio.Task[dict[str, Any]] | None,
        keeping: Keeping,
    ) -> dict[str, Any]:
        entry = keeping.entry
        if before is not None or not self._is_online():
            await keeping.on_disk()  # nobody hears of it yet, so the disk has to
        if before is not None:
            await asyncio.wait([before])
        try:
            result = await self._deliver(entry)
        except ProtocolError as error:
            await self._refuse(keeping, error.message)
            raise
        except Exception as error:
            logger.exception("delivering %s failed", entry.name)
            failure = _failed(error)
            await self._refuse(keeping, failure.message)
            raise failure from error
        self._accepted[entry.conversation_id] += 1
        if await keeping.was_needed():
            await self._note(self._outbox.remove, entry)
        return result

    async def _refuse(self, keeping: Keeping, reason: str) -> None:
        """Keep the text of what is never sent again, with the reason."""
        with suppress(ProtocolError):
            await keeping.on_disk()
        await self._note(partial(self._outbox.refuse, reason=reason), keeping.entry)

    async def _note(self, change: Callable[[Entry], None], entry: Entry) -> None:
        """Change the entry's file.

        If that fails the answer stands all the same; the next program sends it again, under the same id.
        """
        try:
            await asyncio.to_thread(change, entry)
        except OSError:
            logger.exception("%s in the outbox could not be changed", entry.name)

    async def _deliver(self, entry: Entry) -> dict[str, Any]:
        """Ask until there is an answer that stands. The file is written beside the first attempt."""
        attempt = 0
        while True:
            try:
                return await self._request(entry.method, entry.params)
            except ProtocolError as error:
                if error.type == "connection/lost":
                    continue  # the next request waits for the link
                if not error.retryable:
                    raise
                pause = _BUSY.delay_seconds(attempt, self._random)
                await asyncio.sleep(max(pause, (error.retry_after_ms or 0) / 1000))
                attempt += 1


def _failed(error: Exception) -> ProtocolError:
    """Return the refusal for a failure of our own; trying again by itself would only repeat it."""
    return link_error(
        "internal", f"This text could not be sent ({type(error).__name__}); it is kept in the outbox."
    )
