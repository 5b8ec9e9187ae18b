"""Asking a provider in a test, and keeping everything it said."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatty.providers import groq, openai
from chatty.providers._sdk_provider import SdkProvider, Vendor
from chatty.providers.base import (
    ChatMessage,
    ChatRequest,
    Endpoint,
    Finished,
    Provider,
    ProviderEvent,
    ReasoningDelta,
    Secret,
    Started,
    TextDelta,
    Timeouts,
)
from chatty.providers.errors import ProviderError

KEY = "sk-canary-7f3a9c1e55"
PROMPT = "the canary prompt about a heron in the reeds"
QUICK = Timeouts(connect_seconds=5, first_token_seconds=5, stall_seconds=5)

VENDORS = {"openai": openai.VENDOR, "groq": groq.VENDOR}


@dataclass(slots=True)
class FakeSleep:
    """Stands in for `asyncio.sleep`: returns at once and remembers."""

    pauses: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)


@dataclass(frozen=True, slots=True)
class Reply:
    """One stream, read to its end."""

    events: Sequence[ProviderEvent]
    error: ProviderError | None

    @property
    def text(self) -> str:
        """All text, in order."""
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def reasoning(self) -> str:
        """All reasoning, in order."""
        return "".join(event.text for event in self.events if isinstance(event, ReasoningDelta))

    @property
    def ending(self) -> str:
        """The error's type, or the finish reason."""
        if self.error is not None:
            return self.error.type
        return " ".join(event.reason for event in self.events if isinstance(event, Finished))

    @property
    def attempt(self) -> int:
        """The number of the attempt that was answered."""
        return next(event.attempt for event in self.events if isinstance(event, Started))


def new_provider(vendor: Vendor, sleep: FakeSleep | None = None) -> SdkProvider:
    """Return an adapter that does not wait between attempts."""
    return SdkProvider(vendor, sleep=sleep or FakeSleep(), chance=random.Random(7))


def endpoint_at(url: str, kind: str = "openai", *, key: str | None = KEY, **network: str) -> Endpoint:
    """Return an endpoint called `lab`."""
    return Endpoint("lab", kind, url, Secret(key) if key is not None else None, network)


def request_for(model: str, timeouts: Timeouts = QUICK) -> ChatRequest:
    """Return a request with the canary prompt."""
    return ChatRequest(model, [ChatMessage("user", PROMPT)], {}, "run-1", timeouts)


async def ask(provider: Provider, endpoint: Endpoint, request: ChatRequest) -> Reply:
    """Read one stream to its end, however it ends."""
    events: list[ProviderEvent] = []
    try:
        async for batch in provider.stream(endpoint, request):
            assert batch, "an empty batch wakes everybody for nothing"
            events += batch
    except ProviderError as error:
        return Reply(events, error)
    return Reply(events, None)
