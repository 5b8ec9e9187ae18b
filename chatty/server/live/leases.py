"""Leases: how a run's owner shows that it lives, and how others notice when it does not.

A lease is renewed long before it ends. Whoever finds one that has ended marks the run interrupted;
the fence in the run's row then stops a late owner from writing. No text passes through here.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from chatty.server.clock import now_ms
from chatty.server.live.active import ActiveRun
from chatty.server.stores import Stores
from chatty.store import runs
from chatty.store.database import SYSTEM, Scope, Work
from chatty.store.errors import FenceLost, StoreError

logger = logging.getLogger(__name__)

LEASE_SECONDS: Final = 10.0
RENEW_SECONDS: Final = 3.0


class Leases:
    """Renews the leases of the runs it follows, in one write for all of them.

    Args:
        stores: where the runs are.
        owner: id of this process's engine.
        on_lost: called with a run's id when its lease is no longer ours.
    """

    def __init__(self, stores: Stores, owner: str, on_lost: Callable[[str], None]) -> None:
        self._stores = stores
        self._owner = owner
        self._on_lost = on_lost
        self._followed: dict[str, ActiveRun] = {}
        self._task: asyncio.Task[None] | None = None

    def follow(self, active: ActiveRun) -> None:
        """Keep a run's lease from ending."""
        if self._stores.is_ephemeral(active.run.conversation_id or ""):
            return
        self._followed[active.run.id] = active
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._renew_while_needed())

    def leave(self, active: ActiveRun) -> None:
        """Let a run's lease go; its row says that it has ended."""
        self._followed.pop(active.run.id, None)

    def close(self) -> None:
        """Stop renewing."""
        if self._task is not None:
            self._task.cancel()

    async def _renew_while_needed(self) -> None:
        """Renew every few seconds while there is a run; an idle server does not wake up."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            if not self._followed:
                return
            try:
                held = [
                    (active.ticket.scope, active.run.id, active.run.fence)
                    for active in self._followed.values()
                ]
                lease_until = now_ms() + int(LEASE_SECONDS * 1000)
                lost = await self._stores.durable.write(SYSTEM, _renew, self._owner, held, lease_until)
            except StoreError as error:
                logger.warning("leases could not be renewed: %s", error)
                continue
            for run_id in lost:
                if self._followed.pop(run_id, None) is not None:
                    self._on_lost(run_id)


def _renew(
    scope: Scope, owner: str, held: Sequence[tuple[Scope, str, int]], lease_until: int
) -> Work[list[str]]:
    """Renew the leases; return the runs that are not ours any more."""
    lost = []
    for own, run_id, fence in held:
        try:
            yield from runs.renew(own, run_id, owner, fence, lease_until)
        except FenceLost:
            lost.append(run_id)
    return lost
