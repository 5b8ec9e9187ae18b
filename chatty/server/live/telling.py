"""From committed events to everybody who watches: what the hub must know beside their bytes."""

from collections.abc import Iterable

from chatty.server.live.active import ActiveRun
from chatty.server.live.hub import Hub, PublishedEvent
from chatty.store.rows import StoredEvent


def tell(hub: Hub, events: Iterable[StoredEvent], finishes_run: str | None = None) -> None:
    """Publish events; `finishes_run` is the run whose end is among them."""
    for event in events:
        ends = finishes_run if event.type == "run.finished" else None
        published = PublishedEvent(event.seq, event.body.encode(), finishes_run=ends)
        hub.publish(event.conversation_id, (published,))


def tell_ending(hub: Hub, active: ActiveRun, events: Iterable[StoredEvent]) -> None:
    """Publish the last events of a run: each part's completion closes its buffer."""
    closing = iter(active.parts)
    for event in events:
        closes = next(closing).buffer if event.type == "part.completed" else None
        ends = active.run.id if event.type == "run.finished" else None
        published = PublishedEvent(event.seq, event.body.encode(), closes, ends)
        hub.publish(event.conversation_id, (published,))
