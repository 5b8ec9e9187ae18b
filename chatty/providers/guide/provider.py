"""The guide as a provider: the events, the pace and the model list of something that is not a model.

The reply exists before its first word is sent; the pace is there so that everything behind it is used the way
a model uses it.
"""

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

from chatty.providers.base import (
    Capabilities,
    ChatMessage,
    ChatRequest,
    Endpoint,
    Finished,
    JsonValue,
    ModelInfo,
    ProviderEvent,
    Started,
    TextDelta,
)
from chatty.providers.catalog import estimate_usage
from chatty.providers.errors import ProviderError
from chatty.providers.guide.answers import answer
from chatty.providers.guide.index import GuideIndex
from chatty.providers.guide.pages import pages_folder, read_sections

MODEL: Final = "guide"
WORDS_PER_SECOND: Final = 200.0
MAX_SECONDS: Final = 0.35
"""However long the reply, its words are spread over no more than this."""
_TICK_SECONDS: Final = 0.005

CAPABILITIES: Final = Capabilities(
    needs_key=False,
    takes_base_url=False,
    lists_models=True,
    reports_usage=False,
    reasons=False,
    is_language_model=False,
)


class GuideProvider:
    """A `Provider` that quotes the documentation. `params={"pace": 0}` sends the reply without pauses."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._index: GuideIndex | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What the guide can do."""
        return CAPABILITIES

    async def warm(self) -> None:
        """Read the pages, a few milliseconds."""
        self._loaded()

    async def aclose(self) -> None:
        """Drop the index."""
        if self._index is not None:
            self._index.close()
            self._index = None

    async def stream(
        self, endpoint: Endpoint, request: ChatRequest
    ) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """Answer the last user message; see `Provider.stream`. The usage is an estimate of the same texts."""
        if request.model != MODEL:
            raise ProviderError(
                "The guide has only one model, called guide. Your message is kept. Choose another model.",
                type="provider/model_unknown",
                provider=endpoint.name,
            )
        reply = self._reply(request.messages, endpoint)
        first: list[ProviderEvent] = [Started(None, 1)]
        for number, words in enumerate(_ticks(reply, _pace(request.params.get("pace")))):
            if number:
                await self._sleep(_TICK_SECONDS)
            yield [*first, *map(TextDelta, words)]
            first = []
        yield [Finished("stop"), estimate_usage(request.messages, reply)]

    async def list_models(self, endpoint: Endpoint) -> Sequence[ModelInfo]:
        """Return the one name there is."""
        return [ModelInfo(MODEL)]

    def _reply(self, messages: Sequence[ChatMessage], endpoint: Endpoint) -> str:
        asked = [message.text for message in messages if message.role == "user"] or [""]
        try:
            return answer(self._loaded(), asked[-1], asked[:-1])
        except OSError as error:
            raise ProviderError(
                "The guide cannot read its pages. Your message is kept. Install chatty again to repair them.",
                type="provider/bad_request",
                provider=endpoint.name,
            ) from error

    def _loaded(self) -> GuideIndex:
        if self._index is None:
            self._index = GuideIndex(read_sections(pages_folder()))
        return self._index


def _pace(wish: JsonValue) -> float:
    """Return words per second; 0 means all at once."""
    if isinstance(wish, bool) or not isinstance(wish, int | float) or not 0 <= wish < math.inf:
        return WORDS_PER_SECOND
    return float(wish)


def _ticks(reply: str, pace: float) -> Sequence[Sequence[str]]:
    """Return the words of the reply, those together that go out at one moment."""
    words = re.findall(r"\s*\S+\s*", reply)
    if not pace:
        return [words]
    per_tick = max(math.ceil(pace * _TICK_SECONDS), math.ceil(len(words) * _TICK_SECONDS / MAX_SECONDS))
    return [words[start : start + per_tick] for start in range(0, len(words), per_tick)]
