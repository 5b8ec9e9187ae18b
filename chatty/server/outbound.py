"""What leaves on one connection: one order, bounded memory, and nobody ever waits for it.

Events are queued as references to shared bytes. Deltas are never queued: a connection that is in step
gets the shared frame at once, one that is behind gets the missing slice of the text when its socket
is writable again. A peer whose queue of events grows too long loses its subscriptions, not its
connection; a peer that takes nothing for `STUCK_SECONDS` loses the connection.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from chatty.server.live.buffer import PartBuffer
from chatty.server.live.hub import PublishedEvent

STUCK_SECONDS: Final = 30.0
"""How long a socket may stay unwritable before its peer is dropped."""
MAX_QUEUED_EVENTS: Final = 1000
MAX_QUEUED_BYTES: Final = 4 << 20
HEAVIEST_EVENT: Final = 1 << 20
"""What an event counts at most. The event of a long message is no sign of a slow peer, whatever it weighs."""
MAX_ANSWER_BYTES: Final = 64 << 20
"""Answers are never thrown away; a peer that asks on and on without reading them is dropped here."""
SLICE_CODE_POINTS: Final = 64 << 10
"""Longest text of one catching-up delta; keeps frames far below the outbound aim."""


class Channel(Protocol):
    """The socket underneath, reduced to what matters here. Writing never blocks and never raises."""

    @property
    def can_write(self) -> bool:
        """Whether the peer takes data; when it turns true again, `Outbound.on_writable` is called."""

    def write(self, body: bytes) -> None:
        """Send one whole JSON object."""

    def close(self, code: int, reason: str) -> None:
        """Say good-bye and close."""

    def abort(self) -> None:
        """Drop the peer without waiting for it."""


class _Queued:
    __slots__ = ("body", "conversation_id", "event", "weight")

    def __init__(
        self, body: bytes, event: PublishedEvent | None = None, conversation_id: str | None = None
    ) -> None:
        self.body = body
        self.event = event
        self.conversation_id = conversation_id
        """Set on events of a subscription; answers and notices are never thrown away."""
        self.weight = len(body) if conversation_id is None else min(len(body), HEAVIEST_EVENT)


class Outbound:
    """The ordered way out of one connection.

    Args:
        channel: the socket.
        on_lagged: called with the conversations whose events had to be thrown away.
        keeps_events: events are as good as answers, for a peer that cannot ask for them again.
    """

    def __init__(
        self, channel: Channel, on_lagged: Callable[[set[str]], None], *, keeps_events: bool = False
    ) -> None:
        self._channel = channel
        self._on_lagged = on_lagged
        self._keeps_events = keeps_events
        self._queue: deque[_Queued] = deque()
        self._queued_bytes = 0
        self._queued_events = 0
        self._cursors: dict[PartBuffer, int] = {}
        self._lagging: dict[PartBuffer, None] = {}
        self._stuck_timer: asyncio.TimerHandle | None = None
        self.on_event: Callable[[PublishedEvent], None] | None = None
        """Told of every event that was written."""
        self.wrote = False
        """Set by every write; the heartbeat clears it to notice silence."""

    @property
    def is_full(self) -> bool:
        """Whether the peer has so much to read that it should not ask for more."""
        return self._queued_events > MAX_QUEUED_EVENTS or self._queued_bytes > MAX_QUEUED_BYTES

    def send(self, body: bytes) -> None:
        """Send an answer or a notice."""
        self._enqueue(_Queued(body))

    def signal(self, body: bytes) -> None:
        """Send ephemeral news; a peer that is behind does not get it."""
        if not self._queue and self._channel.can_write:
            self._write(body)

    def event(self, conversation_id: str, event: PublishedEvent) -> None:
        """Send an event, after the text of the part it closes."""
        self._enqueue(_Queued(event.body, event, conversation_id))

    def delta(self, part: PartBuffer, offset: int, text: str, body: bytes) -> None:
        """Send text in flight: the shared bytes when in step, otherwise what is missing, now or later."""
        if not self._queue and self._channel.can_write and self._cursor(part) == offset:
            self._write(body)
            self._cursors[part] = offset + len(text)
            return
        self._lagging[part] = None
        self._catch_up()

    def caught_up(self, part: PartBuffer, offset: int) -> None:
        """Record that the peer has a part's text up to `offset`, by way of an answer."""
        self._cursors[part] = offset

    def drop(self, conversation_id: str) -> None:
        """Forget everything still to be sent of one subscription."""
        self._queue = deque(entry for entry in self._queue if entry.conversation_id != conversation_id)
        self._recount()
        for part in [part for part in self._cursors if part.conversation_id == conversation_id]:
            del self._cursors[part]
        for part in [part for part in self._lagging if part.conversation_id == conversation_id]:
            del self._lagging[part]

    def on_blocked(self) -> None:
        """The socket stopped taking data."""
        if self._stuck_timer is None:
            loop = asyncio.get_running_loop()
            self._stuck_timer = loop.call_later(STUCK_SECONDS, self._channel.abort)

    def on_writable(self) -> None:
        """The socket takes data again: first what is queued, in order, then what deltas were missed."""
        self._stop_timer()
        while self._queue and self._channel.can_write:
            entry = self._queue.popleft()
            self._queued_bytes -= entry.weight
            self._queued_events -= entry.conversation_id is not None
            self._emit(entry)
        self._catch_up()

    def closed(self) -> None:
        """The connection is gone: release what it held."""
        self._stop_timer()
        self._queue.clear()
        self._cursors.clear()
        self._lagging.clear()

    def _enqueue(self, entry: _Queued) -> None:
        if not self._queue and self._channel.can_write:
            self._emit(entry)
            return
        self._queue.append(entry)
        self._queued_bytes += entry.weight
        self._queued_events += entry.conversation_id is not None
        if self._queued_events and self.is_full and not self._keeps_events:
            self._shed()
        if self._queued_bytes > MAX_ANSWER_BYTES:
            self._channel.abort()

    def _emit(self, entry: _Queued) -> None:
        if entry.event is not None and (part := entry.event.closes) is not None:
            while not self._write_slice(part):
                pass
            self._cursors.pop(part, None)
            self._lagging.pop(part, None)
        self._write(entry.body)
        if entry.event is not None and self.on_event is not None:
            self.on_event(entry.event)

    def _catch_up(self) -> None:
        while self._lagging and not self._queue and self._channel.can_write:
            part = next(iter(self._lagging))
            if self._write_slice(part):
                del self._lagging[part]

    def _write_slice(self, part: PartBuffer) -> bool:
        """Write the next slice a peer misses of a part; tell whether it has everything now."""
        offset = self._cursor(part)
        text = part.text_from(offset)[:SLICE_CODE_POINTS]
        if text:
            self._write(part.delta(offset, text))
            offset += len(text)
            self._cursors[part] = offset
        return offset >= part.length

    def _cursor(self, part: PartBuffer) -> int:
        return self._cursors.get(part, part.base)

    def _write(self, body: bytes) -> None:
        self.wrote = True
        self._channel.write(body)

    def _shed(self) -> None:
        lagged = {entry.conversation_id for entry in self._queue if entry.conversation_id is not None}
        self._queue = deque(entry for entry in self._queue if entry.conversation_id is None)
        self._recount()
        self._on_lagged(lagged)

    def _recount(self) -> None:
        self._queued_bytes = sum(entry.weight for entry in self._queue)
        self._queued_events = sum(entry.conversation_id is not None for entry in self._queue)

    def _stop_timer(self) -> None:
        if self._stuck_timer is not None:
            self._stuck_timer.cancel()
            self._stuck_timer = None
