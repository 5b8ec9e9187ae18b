"""One run from its claim to its last event: taken, produced, and ended whatever happens.

It writes what must be written, trying again while the disk refuses. Which runs there are and when one
starts is the engine's business; what a provider is asked is the producer's.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Concatenate, Final, ParamSpec, TypeVar

import msgspec

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.providers import catalog
from chatty.providers.errors import ProviderError
from chatty.server import run_writes, wire
from chatty.server.clock import now_ms
from chatty.server.errors import from_provider, from_store, internal, server_ended
from chatty.server.live.active import ActiveRun, Ticket
from chatty.server.live.hub import Hub
from chatty.server.live.journal import TextJournal
from chatty.server.live.producing import Producer
from chatty.server.live.telling import tell, tell_ending
from chatty.server.run_writes import EndStatus, Lease
from chatty.store import rows
from chatty.store.database import Scope, Work
from chatty.store.errors import FenceLost, StorageError, StoreError

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 1.0
"""How long to wait before trying again to write what must be written."""

P = ParamSpec("P")
T = TypeVar("T")


class Carrier:
    """Carries runs out, each from its claim to its end. One per process.

    Args:
        hub: who is told.
        producer: asks the providers.
        journal: keeps text in flight.
        is_leaving: whether the server is stopping: then nothing waits for a disk that refuses.
    """

    def __init__(
        self, hub: Hub, producer: Producer, journal: TextJournal, is_leaving: Callable[[], bool]
    ) -> None:
        self._hub = hub
        self._producer = producer
        self._journal = journal
        self._is_leaving = is_leaving

    async def claim(self, active: ActiveRun, lease: Lease) -> bool:
        """Take the run and tell that it started; `False` when it was cancelled before."""
        ticket = active.ticket
        claimed, events = await self._commit(ticket, run_writes.start, ticket.run, lease, now_ms())
        if claimed is None:
            await self.end_unstarted(ticket, active.stop or "cancelled")
            return False
        ticket.run = claimed
        tell(self._hub, events)
        return True

    async def carry_out(self, active: ActiveRun) -> None:
        """Produce the reply and write its end.

        Raises:
            FenceLost: somebody else has the run by now.
            StorageError: its end could not be written, and the server is leaving.
        """
        status, error = await self._produce_to_end(active)
        await self._settle(active, status, error)

    async def end_unstarted(self, ticket: Ticket, status: EndStatus) -> None:
        """End a run that never started. One that somebody else took or ended is left alone."""
        error = wire.run_error(server_ended()) if status == "interrupted" else None
        ending = run_writes.Ending(status, None, error, (), None)
        try:
            events = await self._commit(ticket, run_writes.finish, ticket.run, ending, now_ms())
        except FenceLost:
            return
        except StorageError:
            logger.error("run %s stays queued; the next start will interrupt it", ticket.run.id)
            return
        tell(self._hub, events, finishes_run=ticket.run.id)

    async def _produce_to_end(self, active: ActiveRun) -> tuple[EndStatus, ProtocolError | None]:
        """Follow the provider until it is done, fails, or somebody stops the run."""
        active.producer = asyncio.get_running_loop().create_task(self._producer.produce(active))
        if active.stop is not None:
            active.producer.cancel()
        await asyncio.wait({active.producer})
        active.pacer.close()
        if active.producer.cancelled():
            stop = active.stop or "interrupted"
            return stop, server_ended() if stop == "interrupted" else None
        match active.producer.exception():
            case None:
                return "completed", None
            case ProviderError() as failure:
                return "failed", from_provider(failure)
            case ProtocolError() as failure:
                return "failed", failure
            case StoreError() as failure:
                return "failed", from_store(failure)
            case TimeoutError():
                return "failed", ProtocolError("timeout", "the time allowed for this reply is over")
            case failure:
                logger.error("run %s failed", active.run.id, exc_info=failure)
                return "failed", internal()

    async def _settle(self, active: ActiveRun, status: EndStatus, error: ProtocolError | None) -> None:
        """Write the end and tell everybody."""
        await self._journal.leave(active)
        ending = self._ending(active, status, error)
        try:
            events = await self._commit(active.ticket, run_writes.finish, active.run, ending, now_ms())
        except (FenceLost, StorageError):
            raise
        except Exception:
            # A run that never ends would keep everybody waiting: its text is kept, and nothing else of it.
            logger.exception("the end of run %s could not be written as it was", active.run.id)
            bare = run_writes.Ending("failed", None, wire.run_error(internal()), ending.parts, None)
            events = await self._commit(active.ticket, run_writes.finish, active.run, bare, now_ms())
        tell_ending(self._hub, active, events)

    async def _commit(
        self,
        ticket: Ticket,
        work: Callable[Concatenate[Scope, P], Work[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Write what must be written: while the disk refuses, keep trying. The text is in memory only.

        Raises:
            StorageError: the disk still refuses and the server is leaving.
        """
        while True:
            try:
                return await ticket.database.write(ticket.scope, work, *args, **kwargs)
            except StorageError as failure:
                logger.error("run %s could not be written: %s", ticket.run.id, failure)
                if self._is_leaving():
                    raise
                self._tell_not_kept(ticket.run, failure)
                await asyncio.sleep(RETRY_SECONDS)

    def _tell_not_kept(self, run: rows.Run, failure: StorageError) -> None:
        """Say to those who wait for the next event why it does not come; it cannot be an event itself."""
        data = {
            "conversation_id": run.conversation_id,
            "run_id": run.id,
            "message_id": run.message_id,
            "error": wire.run_error(from_store(failure)),
        }
        params = {"topic": "conversation", "type": "run.not_kept", "data": data}
        body = msgspec.json.encode({"jsonrpc": "2.0", "method": "signal", "params": params})
        self._hub.signal(run.conversation_id or "", body)

    def _ending(self, active: ActiveRun, status: EndStatus, error: ProtocolError | None) -> run_writes.Ending:
        parts = active.finished_parts()
        return run_writes.Ending(
            status=status,
            finish_reason=active.finish_reason,
            error=None if error is None else wire.run_error(error),
            parts=parts,
            usage=self._usage(active, parts),
            provider_request_id=active.request_id,
        )

    def _usage(
        self, active: ActiveRun, parts: Sequence[run_writes.FinishedPart]
    ) -> rows.NewUsageRecord | None:
        """Return what the run used: as reported, or our estimate; nothing if nothing was asked."""
        run = active.run
        provider, model = run.provider or "", run.model or ""
        report = active.usage
        if report is None:
            if not parts:
                return None
            written = "".join(part.text[part.base :] for part in parts)
            report = catalog.estimate_usage(active.context, written)
        first = active.first_text_at
        return rows.NewUsageRecord(
            id=new_id(),
            run_id=run.id,
            provider=provider,
            model=model,
            user_id=run.requested_by,
            project_id=active.project_id,
            input_tokens=report.input_tokens,
            cached_input_tokens=report.cached_input_tokens,
            output_tokens=report.output_tokens,
            reasoning_tokens=report.reasoning_tokens,
            cost_micros=catalog.cost_micros(provider, model, report, base_url=active.base_url),
            estimated=report.estimated,
            latency_ms=int((time.monotonic() - active.began_at) * 1000),
            ttft_ms=None if first is None else int((first - active.began_at) * 1000),
        )
