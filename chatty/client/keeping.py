"""When an entry of the outbox goes to the disk: unless the server has accepted it within moments.

An accepted message is on the server's disk, and a request that was written to the socket reaches the server
even if this program is killed. So the file is needed where nobody listens, or where the answer takes long:
then it is written, and flushed, at once. Nothing is sent here.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from chatty.client.outbox import Entry, Outbox
from chatty.protocol.errors import ProtocolError

GRACE_SECONDS = 0.02
"""How long an answer may take before the entry goes to the disk."""


class Keeping:
    """One entry, and whether it has a file.

    Args:
        outbox: where its file goes.
        entry: what is kept.
        on_kept: called once, when a disk has it, ours or the server's.
    """

    def __init__(self, outbox: Outbox, entry: Entry, on_kept: Callable[[], None] | None = None) -> None:
        self.entry = entry
        self._outbox = outbox
        self._on_kept = on_kept
        self._file: asyncio.Future[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._write)

    @classmethod
    def of_a_file(cls, outbox: Outbox, entry: Entry) -> "Keeping":
        """Return the keeping of an entry that was read from the disk."""
        keeping = cls(outbox, entry)
        keeping._timer.cancel()
        keeping._file = asyncio.get_running_loop().create_future()
        keeping._file.set_result(None)
        return keeping

    async def on_disk(self) -> None:
        """Return once its file is written; begin with that at once. Cancelling stops the waiting only.

        Raises:
            ProtocolError: ``storage/…``: the disk does not take it.
        """
        await asyncio.shield(self._write())

    async def was_needed(self) -> bool:
        """The server has accepted it: write no file any more; tell whether there is one."""
        self._timer.cancel()
        if self._file is None:
            self._tell()
            return False
        with suppress(ProtocolError):
            await asyncio.shield(self._file)
        return True

    def _write(self) -> asyncio.Future[None]:
        self._timer.cancel()
        if self._file is None:
            self._file = asyncio.ensure_future(asyncio.to_thread(self._outbox.put, self.entry))
            self._file.add_done_callback(self._written)
        return self._file

    def _written(self, file: asyncio.Future[None]) -> None:
        if not file.cancelled() and file.exception() is None:
            self._tell()

    def _tell(self) -> None:
        if self._on_kept is not None:
            told, self._on_kept = self._on_kept, None
            told()
