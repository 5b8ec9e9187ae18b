"""Fan-out: who watches which conversation, and what is being written in it.

Publishing is synchronous and never waits for a socket, a disk or another process. What a watcher
does with an event or a delta (write, hold, merge, drop) is the watcher's business; the hub keeps no
queue at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from chatty.server.live.buffer import PartBuffer


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """A durable event on its way to watchers, already committed."""

    seq: int
    body: bytes
    """The whole notification as JSON."""
    closes: PartBuffer | None = None
    """The part this event completes or resets: its text goes out before it."""
    finishes_run: str | None = None
    """The run this event ends."""


class Watcher(Protocol):
    """Somebody who is told what happens in one conversation."""

    def on_event(self, event: PublishedEvent) -> None:
        """Take a durable event."""

    def on_delta(self, part: PartBuffer, offset: int, text: str, body: bytes) -> None:
        """Take a piece of text; `body` is the encoded notification, shared by all watchers."""

    def on_signal(self, body: bytes) -> None:
        """Take ephemeral news, a whole notification; whoever is behind may miss it."""


class Feed:
    """One conversation: its watchers and its parts in flight."""

    __slots__ = ("open_parts", "watchers")

    def __init__(self) -> None:
        self.watchers: tuple[Watcher, ...] = ()
        """Rebuilt on join and leave, so that publishing iterates without copying."""
        self.open_parts: dict[tuple[str, int], PartBuffer] = {}
        """(message, part index) -> its buffer."""

    @property
    def is_idle(self) -> bool:
        """Nobody watches and nothing is written."""
        return not self.watchers and not self.open_parts


class Hub:
    """The conversations that somebody watches or writes. One per process."""

    def __init__(self) -> None:
        self._feeds: dict[str, Feed] = {}

    def join(self, conversation_id: str, watcher: Watcher) -> None:
        """Start telling a watcher; joining twice is the same as joining once."""
        feed = self._feeds.setdefault(conversation_id, Feed())
        if watcher not in feed.watchers:
            feed.watchers = (*feed.watchers, watcher)

    def leave(self, conversation_id: str, watcher: Watcher) -> None:
        """Stop telling a watcher."""
        if (feed := self._feeds.get(conversation_id)) is None:
            return
        feed.watchers = tuple(other for other in feed.watchers if other is not watcher)
        self._forget_if_idle(conversation_id, feed)

    def publish(self, conversation_id: str, events: Iterable[PublishedEvent]) -> None:
        """Tell every watcher of committed events, in the order of their `seq`."""
        if (feed := self._feeds.get(conversation_id)) is None:
            return
        for event in events:
            for watcher in feed.watchers:
                watcher.on_event(event)

    def open(self, part: PartBuffer) -> None:
        """Let late joiners find a part in flight."""
        feed = self._feeds.setdefault(part.conversation_id, Feed())
        feed.open_parts[part.message_id, part.part] = part

    def close(self, part: PartBuffer) -> None:
        """Forget a part whose last event was published."""
        if (feed := self._feeds.get(part.conversation_id)) is None:
            return
        if feed.open_parts.get((part.message_id, part.part)) is part:
            del feed.open_parts[part.message_id, part.part]
        self._forget_if_idle(part.conversation_id, feed)

    def write(self, part: PartBuffer, offset: int, text: str) -> None:
        """Tell every watcher of text that was appended to a part at `offset`. Encoded once."""
        feed = self._feeds.get(part.conversation_id)
        if feed is None or not feed.watchers:
            return
        body = part.delta(offset, text)
        for watcher in feed.watchers:
            watcher.on_delta(part, offset, text, body)

    def signal(self, conversation_id: str, body: bytes) -> None:
        """Tell every watcher something that is true at this moment and kept nowhere."""
        if feed := self._feeds.get(conversation_id):
            for watcher in feed.watchers:
                watcher.on_signal(body)

    def open_parts(self, conversation_id: str) -> Sequence[PartBuffer]:
        """Return the parts in flight of a conversation, in the order they were opened."""
        feed = self._feeds.get(conversation_id)
        return tuple(feed.open_parts.values()) if feed else ()

    def watched(self) -> Iterator[str]:
        """Iterate over the conversations somebody watches."""
        return (conversation_id for conversation_id, feed in self._feeds.items() if feed.watchers)

    def _forget_if_idle(self, conversation_id: str, feed: Feed) -> None:
        if feed.is_idle:
            self._feeds.pop(conversation_id, None)
