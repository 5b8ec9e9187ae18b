"""Deleted conversations can be restored for a while; then their text goes, everywhere it was kept."""

import asyncio
import contextlib
import logging
from typing import Final

from chatty.server.clock import now_ms
from chatty.server.services import Services
from chatty.store import conversations
from chatty.store.errors import NotFound, StoreError

logger = logging.getLogger(__name__)

UNDO_MS: Final = 7 * 24 * 3600 * 1000
"""How long a deletion can be undone."""
FIRST_LOOK_SECONDS: Final = 60.0
"""After the start, so that it costs no first request anything."""
LOOK_SECONDS: Final = 3600.0


async def purge_deleted(services: Services) -> None:
    """Look for text whose time is over, again and again; runs until it is cancelled."""
    if services.stores.durable.read_only:
        return
    await asyncio.sleep(FIRST_LOOK_SECONDS)
    is_left_over = False
    while True:
        try:
            await purge_once(services, now_ms() - UNDO_MS, is_left_over=is_left_over)
            is_left_over = False
        except StoreError as error:
            is_left_over = True
            logger.warning("deleted text could not be removed; trying again later: %s", error)
        await asyncio.sleep(LOOK_SECONDS)


async def purge_once(services: Services, deleted_before_ms: int, *, is_left_over: bool = False) -> int:
    """Remove the text of conversations deleted before a time; return how many there were.

    Args:
        is_left_over: an earlier time took the rows and could not drive their text off the disk.

    Raises:
        StoreError: the store could not; what was removed until then is gone.
    """
    database, scope = services.stores.durable, services.principal.scope
    count = 0
    while found := await database.read(scope, conversations.purgeable, deleted_before_ms):
        for conversation_id in found:
            with contextlib.suppress(NotFound):  # somebody restored it since it was found
                await database.write(scope, conversations.purge, conversation_id, now_ms(), deleted_before_ms)
                count += 1
    if count or is_left_over:
        await database.scrub()
        logger.info("the text of %d deleted conversations was removed", count)
    return count
