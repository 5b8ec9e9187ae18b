"""A provider whose replies the test releases step by step, speaking the real adapter's interface.

Nothing is sent before the test says so, and nothing waits longer than `PATIENCE_SECONDS`.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from chatty.providers.base import (
    Capabilities,
    ChatRequest,
    Endpoint,
    Finished,
    ModelInfo,
    ProviderEvent,
    ReasoningDelta,
    Started,
    TextDelta,
    UsageReport,
)
from chatty.providers.errors import ProviderError

PATIENCE_SECONDS = 10.0


class ScriptedReply:
    """One request the server has made, and the end of the pipe that answers it."""

    def __init__(self, endpoint: Endpoint, request: ChatRequest) -> None:
        self.endpoint = endpoint
        self.request = request
        self.closed = asyncio.Event()
        """Set when the server has let go of the request."""
        self._steps: asyncio.Queue[Sequence[ProviderEvent] | ProviderError | None] = asyncio.Queue()

    def write(self, *texts: str) -> None:
        """Send pieces of text in one network read."""
        self._steps.put_nowait([TextDelta(text) for text in texts])

    def think(self, text: str) -> None:
        """Send a piece of reasoning."""
        self._steps.put_nowait([ReasoningDelta(text)])

    def finish(self, reason: str = "stop", *, output_tokens: int | None = None) -> None:
        """Say why generation stopped, report usage if told to, and end."""
        batch: list[ProviderEvent] = [Finished(reason)]
        if output_tokens is not None:
            batch.append(UsageReport(10, 0, output_tokens, 0))
        self._steps.put_nowait(batch)
        self._steps.put_nowait(None)

    def fail(self, error: ProviderError) -> None:
        """Break the reply."""
        self._steps.put_nowait(error)

    async def stream(self) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """What the server reads."""
        try:
            yield [Started("scripted-request", 1)]
            while (step := await self._steps.get()) is not None:
                if isinstance(step, ProviderError):
                    raise step
                yield step
        finally:
            self.closed.set()


class ScriptedProvider:
    """An adapter that does what the test says."""

    def __init__(self, *, needs_key: bool = False) -> None:
        self.capabilities = Capabilities(
            needs_key=needs_key,
            takes_base_url=True,
            lists_models=True,
            reports_usage=True,
            reasons=True,
            is_language_model=True,
        )
        self.finishes_at_once = False
        """Requests made from now on get an empty reply, without the test taking part."""
        self._asked: asyncio.Queue[ScriptedReply] = asyncio.Queue()

    @property
    def waiting(self) -> int:
        """Requests the test has not taken yet."""
        return self._asked.qsize()

    async def asked(self) -> ScriptedReply:
        """Wait for the next request."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._asked.get()

    def take(self) -> ScriptedReply:
        """Return the next request, which must be here."""
        return self._asked.get_nowait()

    def stream(
        self, endpoint: Endpoint, request: ChatRequest
    ) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """See `chatty.providers.base.Provider.stream`."""
        reply = ScriptedReply(endpoint, request)
        if self.finishes_at_once:
            reply.finish()
        else:
            self._asked.put_nowait(reply)
        return reply.stream()

    async def list_models(self, endpoint: Endpoint) -> Sequence[ModelInfo]:
        """Serve one model."""
        return [ModelInfo("scripted-1", 8192)]

    async def warm(self) -> None:
        """Nothing to prepare."""

    async def aclose(self) -> None:
        """Nothing to close."""
