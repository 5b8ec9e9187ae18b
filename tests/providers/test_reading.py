import asyncio
from typing import Any

import pytest

from chatty.providers._failures import Circumstances
from chatty.providers._reading import AFTER_FINISH_SECONDS, Reading
from chatty.providers.base import Endpoint, Finished, ProviderEvent, TextDelta, Timeouts
from chatty.providers.errors import ProviderError
from tests.instruments.upstream_faults import FINISH, ROLE, text
from tests.providers.fake_clock import FakeLoop

AROUND = Circumstances(Endpoint("lab", "openai"))
LIMITS = Timeouts(connect_seconds=1, first_token_seconds=100, stall_seconds=10)


class FakeBody:
    """A body whose reads are written down: bytes that come, or seconds of silence before them."""

    def __init__(self, clock: FakeLoop, *script: bytes | float) -> None:
        self._clock = clock
        self._script = list(script)
        self.is_aborted = False

    async def read(self) -> bytes:
        while self._script and not self.is_aborted:
            step = self._script.pop(0)
            if isinstance(step, bytes):
                return step
            self._clock.advance(step)
        return b""

    def abort(self) -> None:
        self.is_aborted = True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeLoop:
    fake = FakeLoop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: fake)
    return fake


async def _read(body: Any, clock: FakeLoop, reader_seconds: float = 0.0) -> tuple[list[ProviderEvent], str]:
    events: list[ProviderEvent] = []
    try:
        async for batch in Reading(AROUND, body, LIMITS, LIMITS.first_token_seconds).batches():
            events += batch
            clock.advance(reader_seconds)
    except ProviderError as error:
        return events, error.type
    return events, "whole"


async def test_the_first_token_may_take_longer_than_the_next(clock: FakeLoop) -> None:
    body = FakeBody(clock, ROLE, 99.0, text("a"), 9.0, text("b"), FINISH, b"data: [DONE]\n\n")
    assert await _read(body, clock) == ([TextDelta("a"), TextDelta("b"), Finished("stop")], "whole")


async def test_silence_before_the_first_token_has_a_limit(clock: FakeLoop) -> None:
    body = FakeBody(clock, 60.0, ROLE, 39.0, b": wait\n\n", 1.0, text("late"))
    assert await _read(body, clock) == ([], "provider/timeout")
    assert body.is_aborted


async def test_comments_and_empty_pieces_do_not_count_as_life(clock: FakeLoop) -> None:
    signs: list[bytes | float] = [5.0, b": still here\n\n", 4.0, text("")]
    body = FakeBody(clock, text("a"), *signs, *signs, text("late"))
    assert await _read(body, clock) == ([TextDelta("a")], "provider/timeout")


async def test_the_readers_own_time_is_not_the_vendors(clock: FakeLoop) -> None:
    body = FakeBody(clock, text("a"), 9.0, text("b"), 9.0, FINISH + b"data: [DONE]\n\n")
    events, ending = await _read(body, clock, reader_seconds=1000.0)
    assert (events, ending) == ([TextDelta("a"), TextDelta("b"), Finished("stop")], "whole")
    assert not body.is_aborted


async def test_a_reply_that_is_finished_does_not_wait_for_its_end_mark(clock: FakeLoop) -> None:
    body = FakeBody(clock, text("a"), FINISH, AFTER_FINISH_SECONDS, b"data: [DONE]\n\n")
    assert await _read(body, clock) == ([TextDelta("a"), Finished("stop")], "whole")
    assert body.is_aborted
