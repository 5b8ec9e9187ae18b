"""The run engine: which runs there are, when each starts, how one is stopped, and how all of them end.

A run belongs to the server: no connection's end stops it. Carrying one out is the carrier's business.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.providers.registry import Providers
from chatty.server import run_writes
from chatty.server.clock import now_ms
from chatty.server.endpoints import Endpoints
from chatty.server.live.active import ActiveRun, Ticket
from chatty.server.live.carrying import Carrier
from chatty.server.live.hub import Hub
from chatty.server.live.journal import TextJournal
from chatty.server.live.leases import LEASE_SECONDS, Leases
from chatty.server.live.pacer import DeltaPacer
from chatty.server.live.producing import Producer
from chatty.server.live.telling import tell
from chatty.server.run_writes import EndStatus
from chatty.server.stores import Stores
from chatty.store import rows
from chatty.store.errors import FenceLost

logger = logging.getLogger(__name__)

SETTLE_SECONDS: Final = 10.0
"""How long interrupted runs may take to write their end when the server leaves."""


class RunEngine:
    """Carries runs out. One per process.

    Args:
        stores: where runs live.
        hub: who is told.
        endpoints: where providers are reached, and with whose key.
        providers: the translators.
        on_change: called with a conversation's id whenever a run of it starts or ends.
    """

    def __init__(
        self,
        stores: Stores,
        hub: Hub,
        endpoints: Endpoints,
        providers: Providers,
        on_change: Callable[[str], None],
    ) -> None:
        self._hub = hub
        self._on_change = on_change
        self._owner = new_id()
        self._active: dict[str, ActiveRun] = {}
        self._behind: dict[str, list[Ticket]] = {}
        """Reply being written or queued itself -> the runs that start when it is done."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_draining = False
        self._journal = TextJournal(lambda events: tell(hub, events))
        self._leases = Leases(stores, self._owner, self._on_lost)
        producer = Producer(hub, endpoints, providers, self._journal)
        self._carrier = Carrier(hub, producer, self._journal, lambda: self._is_draining)

    # What operations ask for

    @property
    def active_count(self) -> int:
        """Runs being carried out or queued."""
        return len(self._active) + sum(1 for _ in self._queued())

    def lease(self) -> run_writes.Lease:
        """Return a fresh lease on behalf of this engine."""
        return run_writes.Lease(self._owner, now_ms() + int(LEASE_SECONDS * 1000))

    def is_answering(self, conversation_id: str) -> bool:
        """Tell whether a run of this conversation is under way."""
        return any(active.run.conversation_id == conversation_id for active in self._active.values())

    def conversation_of(self, run_id: str) -> str | None:
        """Return the conversation of a run under way or queued, if it is one of ours."""
        if active := self._active.get(run_id):
            return active.run.conversation_id
        return next((t.run.conversation_id for t in self._queued() if t.run.id == run_id), None)

    async def settled(self, conversation_id: str) -> None:
        """Return when no run of a conversation is under way any more."""
        tasks = {
            active.task
            for active in self._active.values()
            if active.run.conversation_id == conversation_id and active.task is not None
        }
        if tasks:
            await asyncio.wait(tasks)

    def refuse_if_draining(self) -> None:
        """Refuse new runs while the server is leaving.

        Raises:
            ProtocolError: `unavailable/draining`.
        """
        if self._is_draining:
            raise ProtocolError(
                "unavailable/draining", "the server is restarting; try again in a moment", retry_after_ms=500
            )

    def start(self, ticket: Ticket) -> None:
        """Begin to carry a run out. It goes on whatever happens to the caller."""
        active = ActiveRun(ticket, DeltaPacer(self._hub))
        if self._is_draining:
            active.ask_to_stop("interrupted")
        self._active[ticket.run.id] = active
        task = asyncio.get_running_loop().create_task(self._carry_out(active))
        active.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def start_after(self, message_id: str, ticket: Ticket) -> None:
        """Begin to carry a run out when the reply it follows is done."""
        unfinished = [*(active.ticket for active in self._active.values()), *self._queued()]
        if any(other.run.message_id == message_id for other in unfinished):
            self._behind.setdefault(message_id, []).append(ticket)
        else:
            self.start(ticket)

    async def cancel(self, run: rows.Run) -> None:
        """Stop a run by hand; what it wrote is kept. Returns at once for a run under way."""
        if active := self._active.get(run.id):
            active.ask_to_stop("cancelled")
            return
        for earlier, tickets in list(self._behind.items()):
            for ticket in tickets:
                if ticket.run.id == run.id:
                    tickets.remove(ticket)
                    await self._end_unstarted(ticket, "cancelled")
                    # What stood behind it stands behind what it was waiting for.
                    for follower in self._behind.pop(run.message_id or "", ()):
                        self.start_after(earlier, follower)
                    return

    def look_for_keys_again(self, user_id: str) -> None:
        """Let runs of a user that wait for a key look again: one was kept meanwhile.

        Each looks with what its own caller's shell knew; what another shell knows is never lent.
        """
        for active in self._active.values():
            if active.seeks_key and active.ticket.scope.user_id == user_id:
                active.has_key.set()

    async def drain(self, grace_seconds: float) -> None:
        """Begin nothing new, wait for what runs, then interrupt the rest. The text is kept."""
        self._is_draining = True
        queued = list(self._queued())
        self._behind.clear()
        for ticket in queued:
            await self._end_unstarted(ticket, "interrupted")
        self._interrupt(active for active in self._active.values() if active.seeks_key)
        await self._wait_for_runs(grace_seconds)
        self._interrupt(self._active.values())
        await self._wait_for_runs(SETTLE_SECONDS)
        await self._journal.close()
        self._leases.close()

    def _queued(self) -> Iterable[Ticket]:
        """Iterate over the runs that start when another one is done."""
        return (ticket for tickets in self._behind.values() for ticket in tickets)

    @staticmethod
    def _interrupt(runs: Iterable[ActiveRun]) -> None:
        for active in list(runs):
            active.ask_to_stop("interrupted")

    async def _wait_for_runs(self, at_most_seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=at_most_seconds)

    # From the start of a run to its end

    async def _carry_out(self, active: ActiveRun) -> None:
        try:
            if active.run.status == "queued" and not await self._carrier.claim(active, self.lease()):
                return
            self._on_change(active.run.conversation_id or "")
            self._journal.follow(active)
            self._leases.follow(active)
            await self._carrier.carry_out(active)
        except FenceLost:
            logger.warning("run %s has another owner; its text here is dropped", active.run.id)
        except Exception:
            logger.exception("run %s could not be carried out", active.run.id)
        finally:
            self._leases.leave(active)
            for part in active.parts:
                self._hub.close(part.buffer)
            del self._active[active.run.id]
            self._on_change(active.run.conversation_id or "")
            self._start_followers(active.run.message_id or "")

    async def _end_unstarted(self, ticket: Ticket, status: EndStatus) -> None:
        await self._carrier.end_unstarted(ticket, status)
        self._on_change(ticket.run.conversation_id or "")

    def _start_followers(self, message_id: str) -> None:
        for ticket in self._behind.pop(message_id, ()):
            self.start(ticket)

    def _on_lost(self, run_id: str) -> None:
        """Another owner took a run of ours, or it was ended: stop writing."""
        if active := self._active.get(run_id):
            active.ask_to_stop("interrupted")
