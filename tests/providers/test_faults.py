"""Whatever goes wrong upstream ends in exactly one way, with the text so far, in bounded memory and time."""

import asyncio
import socket
import tracemalloc
from dataclasses import dataclass

import pytest

from chatty.providers.base import Finished, Started, Timeouts
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.upstream_faults import FAULTS, GOOD, TAIL, fault_for
from tests.instruments.upstream_scripts import counted_text
from tests.providers.asking import QUICK, VENDORS, FakeSleep, ask, endpoint_at, new_provider, request_for
from tests.providers.cuts import cut_at

NO_FIRST_TOKEN = ("stall", "stall-head", "stall-role", "hints-without-end")
FIVE = counted_text(5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one fault ends."""

    ending: str
    """The finish reason, or the error's type."""
    text: str = ""
    requests: int = 1
    """3 when the fault is worth trying again and nothing had come."""


def _limits(fault: str, first_token_seconds: float = 0.4) -> Timeouts:
    """Return a short limit for the silence that a fault is about, and long ones for what is only slow."""
    if fault in NO_FIRST_TOKEN:
        return Timeouts(5, first_token_seconds, 5)
    return Timeouts(5, 5, 0.4) if fault.startswith("stall") else QUICK


def _whole(text: str = FIVE, ending: str = "stop") -> Outcome:
    return Outcome(ending, text)


def _retried(error_type: str) -> Outcome:
    return Outcome(error_type, "", 3)


BROKEN = Outcome("provider/stream_broken", FIVE)
BROKEN_FIRST = _retried("provider/stream_broken")

OUTCOMES = {
    "400": Outcome("provider/bad_request"),
    "400-context": Outcome("provider/context_length"),
    "400-content-filter": Outcome("provider/content_filter"),
    "401": Outcome("provider/auth"),
    "403": Outcome("provider/auth"),
    "404-model": Outcome("provider/model_unknown"),
    "404-path": Outcome("provider/bad_request"),
    "413": Outcome("provider/context_length"),
    "422": Outcome("provider/bad_request"),
    "429": _retried("provider/rate_limited"),
    "429-quota": Outcome("provider/rate_limited"),
    "500": _retried("provider/overloaded"),
    "500-empty": _retried("provider/overloaded"),
    "502-html": _retried("provider/overloaded"),
    "503": _retried("provider/overloaded"),
    "503-huge-body": _retried("provider/overloaded"),
    "503-gzip": _retried("provider/overloaded"),
    "529": _retried("provider/overloaded"),
    "302": Outcome("provider/bad_request"),
    "hints-first": _whole(),
    "hints-without-end": _retried("provider/timeout"),
    "no-http": BROKEN_FIRST,
    "endless-head": BROKEN_FIRST,
    "head-cut": BROKEN_FIRST,
    "head-closed": BROKEN_FIRST,
    "no-answer": BROKEN_FIRST,
    "bad-chunk-size": BROKEN_FIRST,
    "chunk-without-end": BROKEN_FIRST,
    "bad-length": BROKEN_FIRST,
    "short-length": BROKEN,
    "gzip": BROKEN_FIRST,
    "gzip-bomb": BROKEN_FIRST,
    "503-gzip-bomb": _retried("provider/overloaded"),
    "html": Outcome("provider/stream_broken"),
    "json": Outcome("provider/stream_broken"),
    "json-error": Outcome("provider/auth"),
    "stall": _retried("provider/timeout"),
    "stall-head": _retried("provider/timeout"),
    "stall-role": _retried("provider/timeout"),
    "stall-after-5": Outcome("provider/timeout", FIVE),
    "stall-comments": Outcome("provider/timeout", FIVE),
    "cut-head": BROKEN_FIRST,
    "cut-role": BROKEN_FIRST,
    "cut-after-5": BROKEN,
    "close-after-5": BROKEN,
    "end-after-5": BROKEN,
    "cut-after-finish": _whole(),
    "hang-after-done": _whole(),
    "crlf": _whole(),
    "cr": _whole(),
    "mixed-ends": _whole(),
    "crlf-split": _whole(),
    "bom": _whole(),
    "no-blank-line": _whole(),
    "no-last-newline": _whole(),
    "no-space": _whole(),
    "other-fields": _whole(),
    "comments-only": BROKEN_FIRST,
    "comments-between": _whole(),
    "data-on-two-lines": _whole(counted_text(6)),
    "byte-by-byte": _whole("é😀"),
    "nul": _whole(),
    "nul-in-json": BROKEN,
    "nul-in-text": _whole("a\ufffdb"),
    "broken-json": BROKEN,
    "json-of-another-kind": _whole(),
    "wrong-types": _whole(),
    "content-parts": _whole(counted_text(1)),
    "tool-call-cut": _whole(),
    "tool-call-twice": _whole(),
    "second-choice": _whole(),
    "invalid-utf8": _whole("before \ufffd\ufffd after"),
    "split-utf8": _whole("naïve 😀 ok"),
    "half-character-at-end": BROKEN,
    "split-surrogates": _whole("😀 x\ufffd"),
    "line-32mb": BROKEN,
    "reply-32mb": _whole("h" * (32 << 20)),
    "error-event": Outcome("provider/overloaded", FIVE),
    "error-event-first": _retried("provider/rate_limited"),
    "error-text": BROKEN,
    "done-missing": _whole(),
    "finish-missing": _whole(),
    "usage-missing": _whole(),
    "empty": _whole(""),
    "done-only": _whole(""),
    "nothing": BROKEN_FIRST,
    "text-after-finish": _whole(counted_text(6)),
    "after-done": _whole(),
    "length": _whole(FIVE, "length"),
    "content-filter": _whole(counted_text(2), "content_filter"),
    "reasoning": _whole(),
    "until-close": _whole(),
}


def test_every_fault_has_an_outcome() -> None:
    assert OUTCOMES.keys() == FAULTS.keys()


@pytest.mark.parametrize("kind", sorted(VENDORS))
@pytest.mark.parametrize("fault", OUTCOMES)
async def test_a_fault_ends_in_exactly_one_way(kind: str, fault: str) -> None:
    provider = new_provider(VENDORS[kind])
    await provider.warm()
    async with FakeUpstream() as upstream, asyncio.timeout(10):
        reply = await ask(
            provider, endpoint_at(upstream.url, kind), request_for(f"fault-{fault}", _limits(fault))
        )
        await provider.aclose()
    assert Outcome(reply.ending, reply.text, len(upstream.requests)) == OUTCOMES[fault]
    finished = [event for event in reply.events if isinstance(event, Finished)]
    assert len(finished) + (reply.error is not None) == 1
    starts = [number for number, event in enumerate(reply.events) if isinstance(event, Started)]
    assert starts == ([0] if reply.events else [])


@pytest.mark.parametrize("fault", [name for name, outcome in OUTCOMES.items() if outcome.requests == 3])
async def test_what_is_worth_trying_again_is_answered_by_the_second_attempt(fault: str) -> None:
    sleep = FakeSleep()
    provider = new_provider(VENDORS["openai"], sleep)
    async with FakeUpstream() as upstream, asyncio.timeout(10):
        reply = await ask(
            provider, endpoint_at(upstream.url), request_for(f"fault-{fault}x1", _limits(fault, 1.0))
        )
        await provider.aclose()
    assert (reply.ending, reply.text, reply.attempt) == ("stop", FIVE, 2)
    assert len(sleep.pauses) == 1
    assert [request.headers["idempotency-key"] for request in upstream.requests] == ["run-1"] * 2
    assert upstream.requests[0].body == upstream.requests[1].body


async def test_a_cut_at_any_byte_keeps_what_came() -> None:
    """After every single byte by command: `benchmarks/upstream_cuts.py`."""
    step = 37  # co-prime to the length of an event: falls everywhere in it
    assert await cut_at(range(0, len(GOOD) - len(TAIL), step)) == []


@pytest.mark.parametrize("fault", ["line-32mb", "503-huge-body", "gzip-bomb", "503-gzip-bomb"])
async def test_what_is_much_too_large_costs_little_memory(fault: str) -> None:
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream() as upstream:
        for model in ("tok1", f"fault-{fault}"):  # the first time imports are counted, and the bomb is made
            await ask(provider, endpoint_at(upstream.url), request_for(model))
        tracemalloc.start()
        reply = await ask(provider, endpoint_at(upstream.url), request_for(f"fault-{fault}"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await provider.aclose()
    assert Outcome(reply.ending, reply.text) == Outcome(OUTCOMES[fault].ending, OUTCOMES[fault].text)
    assert peak < 16 << 20


async def test_a_refused_connection_is_unreachable() -> None:
    async with FakeUpstream() as upstream:
        url = upstream.url
    sleep = FakeSleep()
    reply = await ask(new_provider(VENDORS["openai"], sleep), endpoint_at(url), request_for("m"))
    assert reply.error is not None
    assert (reply.error.type, reply.error.retryable, reply.error.http_status) == (
        "provider/unreachable",
        True,
        None,
    )
    assert f" (at {url}). " in reply.error.message
    assert len(sleep.pauses) == 2


@pytest.mark.parametrize(
    "failure",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        UnicodeError("label empty or too long"),
    ],
)
async def test_a_name_that_does_not_exist_is_unreachable(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    reply = await ask(
        new_provider(VENDORS["openai"]), endpoint_at("http://nowhere.invalid/v1"), request_for("m")
    )
    assert reply.ending == "provider/unreachable"


async def test_a_connection_that_is_never_made_is_unreachable_and_says_where(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forever = asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        await forever.wait()

    provider = new_provider(VENDORS["openai"])
    monkeypatch.setattr(asyncio, "open_connection", hang)
    limits = Timeouts(connect_seconds=0.05, first_token_seconds=5, stall_seconds=5)
    reply = await ask(provider, endpoint_at("http://127.0.0.1:9/v1"), request_for("m", limits))
    assert reply.error is not None
    assert reply.error.type == "provider/unreachable"
    assert "no connection within 0.05 s (at http://127.0.0.1:9/v1)" in reply.error.message


@pytest.mark.parametrize("fault", ["503-gzip", "503-gzip-bomb"])
async def test_a_compressed_refusal_is_not_quoted(fault: str) -> None:
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream() as upstream:
        reply = await ask(provider, endpoint_at(upstream.url), request_for(f"fault-{fault}"))
        await provider.aclose()
    assert reply.error is not None
    assert reply.error.http_status == 503
    assert "It said" not in reply.error.message


@pytest.mark.parametrize(("wish", "pause"), [("0", 0.0), ("7", 7.0), ("date", 0.0)])
async def test_retry_after_is_honoured(wish: str, pause: float) -> None:
    sleep = FakeSleep()
    provider = new_provider(VENDORS["openai"], sleep)
    async with FakeUpstream() as upstream:
        model = f"fault-429-retry-after-{wish}x1"
        reply = await ask(provider, endpoint_at(upstream.url), request_for(model))
        await provider.aclose()
    assert reply.ending == "stop"
    assert len(sleep.pauses) == 1
    assert pause <= sleep.pauses[0] <= pause + 0.25


async def test_a_pause_that_is_too_long_is_shown_and_not_waited_for() -> None:
    sleep = FakeSleep()
    provider = new_provider(VENDORS["openai"], sleep)
    async with FakeUpstream() as upstream:
        reply = await ask(provider, endpoint_at(upstream.url), request_for("fault-429-retry-after-3600"))
        await provider.aclose()
    assert reply.error is not None
    assert (reply.error.type, reply.error.retry_after_seconds) == ("provider/rate_limited", 3600)
    assert (sleep.pauses, len(upstream.requests)) == ([], 1)


async def test_a_kept_connection_that_the_vendor_closed_is_replaced_without_a_pause() -> None:
    sleep = FakeSleep()
    provider = new_provider(VENDORS["openai"], sleep)
    good = fault_for("crlf", 0)
    gone = fault_for("no-answer", 0)
    assert good is not None
    assert gone is not None
    async with FakeUpstream(good, gone, good) as upstream:
        replies = [await ask(provider, endpoint_at(upstream.url), request_for("m")) for _ in range(2)]
        await provider.aclose()
    assert [reply.text for reply in replies] == [FIVE, FIVE]
    assert (sleep.pauses, replies[1].attempt) == ([], 1)


async def test_errors_carry_the_status_and_the_vendors_request_id() -> None:
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream() as upstream:
        reply = await ask(provider, endpoint_at(upstream.url), request_for("fault-401"))
        await provider.aclose()
    assert reply.error is not None
    assert (reply.error.http_status, reply.error.request_id, reply.error.provider) == (401, "req-fake", "lab")
