"""Asking the provider: from an accepted run to the text of its reply, as it comes.

A run without a key waits here until somebody gives one. What the provider says is written into the
`ActiveRun`, which hands it to watchers, and noted for the disk. How a run ends is decided elsewhere.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Concatenate, Final, ParamSpec

from chatty.protocol.errors import ProtocolError
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
from chatty.providers.registry import Providers
from chatty.server import run_writes, wire
from chatty.server.clock import now_ms
from chatty.server.endpoints import BUILTIN_KINDS, Endpoints
from chatty.server.live import context as model_context
from chatty.server.live.active import ActiveRun
from chatty.server.live.context import ModelContext
from chatty.server.live.hub import Hub
from chatty.server.live.journal import TextJournal
from chatty.server.live.telling import tell
from chatty.store import rows
from chatty.store.database import Scope, Work

LOOK_AGAIN_SECONDS: Final = 5.0
"""How often a run without a key asks a keyring that gave no answer."""

P = ParamSpec("P")


class Producer:
    """Lets providers write replies. One per process.

    Args:
        hub: who is told.
        endpoints: where providers are reached, and with whose key.
        providers: the translators.
        journal: keeps the text.
    """

    def __init__(self, hub: Hub, endpoints: Endpoints, providers: Providers, journal: TextJournal) -> None:
        self._hub = hub
        self._endpoints = endpoints
        self._providers = providers
        self._journal = journal

    async def produce(self, active: ActiveRun) -> None:
        """Follow the provider to the end of the reply. Cancelling stops it; what was written stays.

        Raises:
            ProviderError: the provider failed.
            ProtocolError: `provider/key_missing`, where nobody is there to give one.
            StoreError: the context could not be read.
            TimeoutError: the time allowed for the reply is over.
        """
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
                raise key_missing(active.run.provider or "", self._endpoints.keyring_trouble, is_kept=True)
            await self._tell_of(active, run_writes.wait, "key_missing")
            while endpoint is None:
                await self._wait_for_key(active)
                endpoint = await self._look_up(active)
            await self._tell_of(active, run_writes.go_on)
        active.seeks_key = False
        return endpoint

    async def _wait_for_key(self, active: ActiveRun) -> None:
        """Return when a key was kept, or when a keyring that gave no answer may give one."""
        is_locked = self._endpoints.keyring_trouble is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(active.has_key.wait(), LOOK_AGAIN_SECONDS if is_locked else None)
        active.has_key.clear()

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
        tell(self._hub, events)

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


def key_missing(provider: str, trouble: str | None, *, is_kept: bool) -> ProtocolError:
    """Return what a caller is told when a provider has no key.

    Args:
        provider: which one.
        trouble: why the keyring gave no answer, if it did not.
        is_kept: whether there is a message, and it is kept.
    """
    because = f", and {trouble}" if trouble else ""
    safe = "; your message is kept" if is_kept else ""
    # Only what other tools call by a name is taken from a shell.
    way = (
        f"Export {provider.upper()}_API_KEY in this shell, or" if provider in BUILTIN_KINDS else "Give it one"
    )
    return ProtocolError(
        "provider/key_missing",
        f"{provider} has no key{because}{safe}. {way}: chatty providers add {provider}",
        details={"provider": provider},
    )
