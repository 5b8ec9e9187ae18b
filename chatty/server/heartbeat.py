"""Every few seconds of quiet, each connection is told how far its conversations are.

A lost last event has no successor that would show the gap; the heads do.
"""

import asyncio
from typing import Final

from chatty.server.services import Services

QUIET_SECONDS: Final = 15.0


async def tell_heads(services: Services, interval_seconds: float = QUIET_SECONDS) -> None:
    """Tell every quiet connection its heads, again and again; runs until it is cancelled."""
    while True:
        await asyncio.sleep(interval_seconds)
        for connection in list(services.connections):
            if connection.outbound.wrote:
                connection.outbound.wrote = False
            elif heads := connection.heads():
                connection.notify("notice", {"type": "heads", "heads": heads})
                connection.outbound.wrote = False
