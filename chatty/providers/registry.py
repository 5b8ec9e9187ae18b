"""The adapters of one server, by kind: built once, closed once.

Building it imports no SDK and opens nothing. Which endpoints exist, and whose keys they use, is the
server's business.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from chatty.providers import catalog, groq, guide, openai
from chatty.providers.base import Provider
from chatty.providers.errors import ProviderError


class Adapter(Provider, Protocol):
    """A provider as it is kept here."""

    async def warm(self) -> None:
        """Do ahead what the first request would wait for: imports, mostly. Leaves the event loop free."""

    async def aclose(self) -> None:
        """Close what is kept between requests; streams that are open run on."""


class Providers:
    """Looks adapters up; owns their connections."""

    def __init__(self, adapters: Mapping[str, Adapter] | None = None) -> None:
        self._adapters: Mapping[str, Adapter] = adapters or {
            "openai": openai.new_provider(),
            "groq": groq.new_provider(),
            "guide": guide.new_provider(),
        }

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds that `get` knows."""
        return tuple(self._adapters)

    def get(self, kind: str) -> Provider:
        """Return the adapter of a kind. Raises `ProviderError` of type `provider/bad_request`."""
        return self._adapter(kind)

    async def warm(self, kinds: Iterable[str]) -> None:
        """Prepare these kinds one after the other, then the price data.

        Meant for a background task once the server listens; an SDK's import takes up to half a second, in a
        thread. Cancelling it is safe.
        """
        for kind in kinds:
            await self._adapter(kind).warm()
        await asyncio.to_thread(catalog.preload)

    async def aclose(self) -> None:
        """Close all kept connections."""
        await asyncio.gather(*(adapter.aclose() for adapter in self._adapters.values()))

    def _adapter(self, kind: str) -> Adapter:
        try:
            return self._adapters[kind]
        except KeyError:
            raise ProviderError(
                f"There is no kind of provider called {kind[:40]!r}. Use one of {', '.join(self._adapters)}.",
                type="provider/bad_request",
                provider=kind,
            ) from None
