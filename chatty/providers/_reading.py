"""Reading one reply against the clock: bytes from the transport, events from the wire, an end in every case.

Below it the transport gives bytes, beside it `_openai_wire.py` turns them into events. It asks for nothing
and repeats nothing.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chatty.providers import _failures
from chatty.providers._deadline import Deadline
from chatty.providers._failures import Circumstances
from chatty.providers._openai_wire import ReplyReader
from chatty.providers.base import ProviderEvent, Timeouts
from chatty.providers.errors import ProviderError

if TYPE_CHECKING:
    from chatty.providers.transport import ReplyBody

AFTER_FINISH_SECONDS: Final = 5.0
"""How long usage and the end mark may take once the text is complete."""


class Reading:
    """One body on its way to being a reply. Made inside the running loop; the clock starts at once."""

    def __init__(
        self, around: Circumstances, body: "ReplyBody", timeouts: Timeouts, first_token_seconds: float
    ) -> None:
        self._around = around
        self._body = body
        self._timeouts = timeouts
        self._reader = ReplyReader()
        self._broke: Exception | None = None
        self._deadline = Deadline(body.abort)
        self._deadline.set(first_token_seconds)
        self._limit_seconds = timeouts.first_token_seconds

    async def batches(self) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """Yield the events, one batch for each read. Raises one `ProviderError`, after the last of them."""
        try:
            while not self._reader.is_done:
                events = await self._next_events()
                if events:
                    self._deadline.pause()  # the time that the reader of the batch takes is not the vendor's
                    yield events
                self._set_limit(has_progressed=bool(events))
        finally:
            self._deadline.close()
        if self._reader.failure is not None:
            raise self._failure()

    async def _next_events(self) -> Sequence[ProviderEvent]:
        from chatty.providers.transport import TransportError  # loaded with the SDK

        try:
            data = await self._body.read()
        except TransportError as error:
            data, self._broke = b"", error
        return self._reader.feed(data) if data else self._reader.end()

    def _set_limit(self, *, has_progressed: bool) -> None:
        """Give the next piece its time; comments and empty pieces earn none."""
        if self._reader.has_finish_reason:
            if has_progressed or self._limit_seconds != AFTER_FINISH_SECONDS:
                self._limit_seconds = AFTER_FINISH_SECONDS
                self._deadline.set(AFTER_FINISH_SECONDS)
        elif has_progressed:
            self._limit_seconds = self._timeouts.stall_seconds
            self._deadline.set(self._limit_seconds)

    def _failure(self) -> ProviderError:
        failure = self._reader.failure
        assert failure is not None
        around = replace(self._around, has_content=self._reader.has_content)
        if self._deadline.has_expired:
            return _failures.timed_out(around, self._limit_seconds)
        if failure.kind == "cut" and self._broke is not None:
            return _failures.stream_broken(around, f"broke off: {self._broke}", retryable=True)
        return _failures.broken(around, failure)
