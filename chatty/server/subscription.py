"""One connection watching one conversation: first what was missed, then everything live, in order.

The order of attaching is the point (no event may fall between the snapshot and the live stream):
join the hub and hold what comes, read the state, answer, release what is newer than the answer.
"""

from chatty.server.live.buffer import PartBuffer
from chatty.server.live.hub import PublishedEvent
from chatty.server.outbound import Outbound


class Subscription:
    """A watcher of the hub that writes to one connection.

    It holds events until `release` says where the answer ended; after that it passes them on in the
    order of `seq`, whatever order they were published in, and drops repetitions.
    """

    def __init__(self, conversation_id: str, outbound: Outbound, *, deltas: bool) -> None:
        self.conversation_id = conversation_id
        self._outbound = outbound
        self._deltas = deltas
        self._held: dict[int, PublishedEvent] = {}
        self._next: int | None = None

    @property
    def head(self) -> int | None:
        """The newest event passed on or contained in the answer; `None` before the release."""
        return None if self._next is None else self._next - 1

    def on_event(self, event: PublishedEvent) -> None:
        """Pass an event on, or hold it until its turn."""
        if self._next is None or event.seq >= self._next:
            self._held[event.seq] = event
            self._pass_on_what_is_due()

    def on_delta(self, part: PartBuffer, offset: int, text: str, body: bytes) -> None:
        """Pass text on. Before the release it is not needed: the answer will hold the text so far."""
        if self._deltas and self._next is not None:
            self._outbound.delta(part, offset, text, body)

    def on_signal(self, body: bytes) -> None:
        """Pass ephemeral news on, if the peer is not behind."""
        if self._next is not None:
            self._outbound.signal(body)

    def release(self, head: int) -> None:
        """Begin to pass on: the peer has everything up to `head`."""
        self._next = head + 1
        self._held = {seq: event for seq, event in self._held.items() if seq > head}
        self._pass_on_what_is_due()

    def _pass_on_what_is_due(self) -> None:
        while self._next is not None and self._next in self._held:
            event = self._held.pop(self._next)
            self._next += 1
            self._outbound.event(self.conversation_id, event)
