"""Every few seconds of quiet, each connection is told how far its conversations are.

A lost last event has no successor that would show the gap; the heads do. They are the store's, not what
was passed on here: only so can they show that something was not.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from chatty.server.services import Services
from chatty.store import events
from chatty.store.errors import StoreError

logger = logging.getLogger(__name__)

QUIET_SECONDS: Final = 15.0
_IDS_PER_READ: Final = 256


async def tell_heads(services: Services, interval_seconds: float = QUIET_SECONDS) -> None:
    """Tell every quiet connection its heads, again and again; runs until it is cancelled."""
    while True:
        await asyncio.sleep(interval_seconds)
        quiet = [connection for connection in services.connections if not connection.outbound.wrote]
        for connection in services.connections:
            connection.outbound.wrote = False
        try:
            heads = await _read(services, {watched for connection in quiet for watched in connection.heads()})
        except StoreError as error:
            logger.warning("the heads could not be read: %s", error)
            continue
        for connection in quiet:
            own = {watched: heads[watched] for watched in connection.heads() if watched in heads}
            if own and connection in services.connections:
                connection.notify("notice", {"type": "heads", "heads": own})
                connection.outbound.wrote = False


async def _read(services: Services, conversation_ids: Iterable[str]) -> dict[str, int]:
    """Return the newest event's number of each of these conversations."""
    heads: dict[str, int] = {}
    by_store: dict[bool, list[str]] = {}
    for conversation_id in conversation_ids:
        by_store.setdefault(services.stores.is_ephemeral(conversation_id), []).append(conversation_id)
    for ids in by_store.values():
        database = services.stores.of(ids[0])
        for begin in range(0, len(ids), _IDS_PER_READ):
            piece = ids[begin : begin + _IDS_PER_READ]
            heads |= await database.read(services.principal.scope, events.heads, piece)
    return heads
