"""The run engine: carries accepted runs out, from the queue to the last event.

A run belongs to the server: no connection's end stops it. The engine decides when a run starts, reads
its context, follows the provider, hands text to the pacer (for watchers) and the journal (for the
disk), and writes the end. It knows neither frames nor permissions nor vendors.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Concatenate, Final, ParamSpec, TypeVar

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.providers import catalog
from chatty.providers.base import (
    ChatRequest,
    Endpoint,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    Started,
    TextDelta,
    UsageReport,
)
from chatty.providers.errors import ProviderError
from chatty.providers.registry import Providers
from chatty.server import run_writes, wire
from chatty.server.clock import now_ms
from chatty.server.endpoints import Endpoints
from chatty.server.errors import from_provider, from_store, internal, server_ended
from chatty.server.live import context as model_context
from chatty.server.live.active import ActiveRun, Ticket
from chatty.server.live.context import ModelContext
from chatty.server.live.hub import Hub, PublishedEvent
from chatty.server.live.journal import TextJournal
from chatty.server.live.leases import LEASE_SECONDS, Leases
from chatty.server.live.pacer import DeltaPacer
from chatty.server.run_writes import EndStatus
from chatty.server.stores import Stores
from chatty.store import rows
from chatty.store.database import Scope, Work
from chatty.store.errors import FenceLost, StorageError, StoreError

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 1.0
"""How long the engine waits before it tries again to write what must be written."""
SETTLE_SECONDS: Final = 10.0
"""How long interrupted runs may take to write their end when the server leaves."""

P = ParamSpec("P")
T = TypeVar("T")


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
        self._stores = stores
        self._hub = hub
        self._endpoints = endpoints
        self._providers = providers
        self._on_change = on_change
        self._owner = new_id()
        self._active: dict[str, ActiveRun] = {}
        self._behind: dict[str, list[Ticket]] = {}
        """Reply being written or queued itself -> the runs that start when it is done."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._journal = TextJournal(self._publish_stored)
        self._leases = Leases(stores, self._owner, self._on_lost)
        self._is_draining = False

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
        for tickets in list(self._behind.values()):
            for ticket in tickets:
                if ticket.run.id == run.id:
                    tickets.remove(ticket)
                    await self._end_unstarted(ticket, "cancelled")
                    self._start_followers(run.message_id or "")
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

    # One run

    async def _carry_out(self, active: ActiveRun) -> None:
        try:
            if active.run.status == "queued" and not await self._claim(active):
                return
            self._on_change(active.run.conversation_id or "")
            self._journal.follow(active)
            self._leases.follow(active)
            status, error = await self._produce_to_end(active)
            await self._settle(active, status, error)
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

    async def _claim(self, active: ActiveRun) -> bool:
        """Take the run and tell that it started; `False` when it was cancelled before."""
        ticket = active.ticket
        claimed, events = await self._commit(ticket, run_writes.start, ticket.run, self.lease(), now_ms())
        if claimed is None:
            await self._end_unstarted(ticket, active.stop or "cancelled")
            return False
        ticket.run = claimed
        self._publish_stored(events)
        return True

    async def _produce_to_end(self, active: ActiveRun) -> tuple[EndStatus, ProtocolError | None]:
        """Follow the provider until it is done, fails, or somebody stops the run."""
        active.producer = asyncio.get_running_loop().create_task(self._produce(active))
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

    async def _produce(self, active: ActiveRun) -> None:
        settings = wire.load(active.run.params)
        async with asyncio.timeout(settings.get("timeout_seconds")):
            endpoint = await self._endpoint(active)
            active.base_url = endpoint.base_url
            request = await self._request(active, settings)
            stream = self._providers.get(endpoint.kind).stream(endpoint, request)
            try:
                async for batch in stream:
                    self._take(active, batch)
            finally:
                await stream.aclose()

    async def _endpoint(self, active: ActiveRun) -> Endpoint:
        """Find the provider; without a key, wait for somebody to give one."""
        active.seeks_key = True
        endpoint = await self._look_up(active)
        if endpoint is None:
            if active.ticket.fails_without_key:
                raise key_missing(active.run.provider or "")
            await self._tell_of(active, run_writes.wait, "key_missing")
            while endpoint is None:
                await active.has_key.wait()
                active.has_key.clear()
                endpoint = await self._look_up(active)
            await self._tell_of(active, run_writes.go_on)
        active.seeks_key = False
        return endpoint

    async def _look_up(self, active: ActiveRun) -> Endpoint | None:
        ticket = active.ticket
        provider = await self._endpoints.get(ticket.scope, active.run.provider or "")
        endpoint, _ = await self._endpoints.find(provider, ticket.credentials)
        return endpoint

    async def _tell_of(
        self,
        active: ActiveRun,
        change: Callable[Concatenate[Scope, rows.Run, int, P], Work[list[rows.StoredEvent]]],
        *facts: P.args,
        **named_facts: P.kwargs,
    ) -> None:
        ticket = active.ticket
        events = await ticket.database.write(
            ticket.scope, change, ticket.run, now_ms(), *facts, **named_facts
        )
        self._publish_stored(events)

    async def _request(self, active: ActiveRun, settings: dict[str, object]) -> ChatRequest:
        ticket, run = active.ticket, active.run
        model = run.model or ""
        shown = ticket.context
        if shown is None:
            shown = await self._shown(active, model_context.UNKNOWN_WINDOW_TOKENS)
        if shown.is_shortened or shown.code_points > model_context.LARGE_CODE_POINTS:
            shown = await self._shown(active, await self._window(active))
        active.project_id = shown.project_id
        active.context = shown.messages
        active.first_index = len(shown.reply_so_far)
        if shown.reply_so_far and shown.reply_so_far[-1].type == "text":
            # The reply goes on: take up its last part where it ended.
            self._hub.open(active.reopen(shown.reply_so_far[-1]))
        options = settings.get("options")
        return ChatRequest(
            model=model,
            messages=shown.messages,
            params=options if isinstance(options, dict) else {},
            idempotency_key=run.id,
        )

    async def _shown(self, active: ActiveRun, window_tokens: int) -> ModelContext:
        ticket = active.ticket
        return await ticket.database.read(ticket.scope, model_context.read, ticket.run, window_tokens)

    @staticmethod
    async def _window(active: ActiveRun) -> int:
        """Return the model's context window in tokens; the first look-up reads the catalogue for 120 ms."""
        known = await asyncio.to_thread(
            catalog.context_window,
            active.run.provider or "",
            active.run.model or "",
            base_url=active.base_url,
        )
        return known or model_context.UNKNOWN_WINDOW_TOKENS

    def _take(self, active: ActiveRun, batch: Iterable[ProviderEvent]) -> None:
        """Take what one network read brought. No waiting, no validation, no disk."""
        for event in batch:
            match event:
                case TextDelta(text=text):
                    self._write(active, "text", text)
                case ReasoningDelta(text=text):
                    self._write(active, "reasoning", text)
                case Finished(reason=reason):
                    active.finish_reason = reason
                case UsageReport():
                    active.usage = event
                case Started(request_id=request_id):
                    active.request_id = request_id

    def _write(self, active: ActiveRun, kind: str, text: str) -> None:
        if (opened := active.write(kind, text)) is not None:
            self._hub.open(opened)
        self._journal.note(active)

    # The end of a run

    async def _settle(self, active: ActiveRun, status: EndStatus, error: ProtocolError | None) -> None:
        """Write the end and tell everybody."""
        await self._journal.leave(active)
        ending = self._ending(active, status, error)
        events = await self._commit(active.ticket, run_writes.finish, active.run, ending, now_ms())
        self._publish_ending(active, events)

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
                if self._is_draining:
                    raise
                await asyncio.sleep(RETRY_SECONDS)

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

    async def _end_unstarted(self, ticket: Ticket, status: EndStatus) -> None:
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
        self._publish_stored(events, finishes_run=ticket.run.id)
        self._on_change(ticket.run.conversation_id or "")

    def _start_followers(self, message_id: str) -> None:
        for ticket in self._behind.pop(message_id, ()):
            self.start(ticket)

    def _on_lost(self, run_id: str) -> None:
        """Another owner took a run of ours, or it was ended: stop writing."""
        if active := self._active.get(run_id):
            active.ask_to_stop("interrupted")

    # Telling

    def _publish_stored(self, events: Iterable[rows.StoredEvent], finishes_run: str | None = None) -> None:
        for event in events:
            ends = finishes_run if event.type == "run.finished" else None
            published = PublishedEvent(event.seq, event.body.encode(), finishes_run=ends)
            self._hub.publish(event.conversation_id, (published,))

    def _publish_ending(self, active: ActiveRun, events: Iterable[rows.StoredEvent]) -> None:
        closing = iter(active.parts)
        for event in events:
            closes = next(closing).buffer if event.type == "part.completed" else None
            ends = active.run.id if event.type == "run.finished" else None
            published = PublishedEvent(event.seq, event.body.encode(), closes, ends)
            self._hub.publish(event.conversation_id, (published,))


def key_missing(provider: str) -> ProtocolError:
    """Return what a caller is told when a provider has no key."""
    return ProtocolError(
        "provider/key_missing",
        f"{provider} has no key; your message is kept. "
        f"Export {provider.upper()}_API_KEY in this shell, or: chatty providers add {provider}",
        details={"provider": provider},
    )
