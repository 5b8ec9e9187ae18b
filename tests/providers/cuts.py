"""A reply that is cut after any of its bytes, by an end without a word or by a reset."""

from collections.abc import Iterable

from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.upstream_faults import GOOD, body
from tests.instruments.upstream_scripts import Cut, counted_text
from tests.providers.asking import VENDORS, FakeSleep, ask, endpoint_at, new_provider, request_for

ATTEMPTS = 3
"""How often something is asked that failed before its first word."""


async def cut_at(cuts: Iterable[int], *, by_reset: bool = False) -> list[str]:
    """Cut a reply after so many bytes, for each; return every way in which that did not end as it should."""
    problems, whole = [], counted_text(5)
    for cut in cuts:
        sleep = FakeSleep()
        provider = new_provider(VENDORS["openai"], sleep)
        script = body(GOOD[:cut], *([Cut()] if by_reset else []), complete=False)
        async with FakeUpstream(script) as upstream:
            reply = await ask(provider, endpoint_at(upstream.url), request_for("m"))
            await provider.aclose()
            requests = upstream.requests
        if reply.ending != "provider/stream_broken" or not whole.startswith(reply.text):
            problems.append(f"after {cut} bytes: {reply.ending} with {reply.text!r}")
        if len(requests) != (1 if reply.text else ATTEMPTS):
            problems.append(f"after {cut} bytes and {reply.text!r}: asked {len(requests)} times")
        if len({request.headers["idempotency-key"] for request in requests}) != 1:
            problems.append(f"after {cut} bytes: asked under several keys")
        if len(sleep.pauses) != len(requests) - 1:
            problems.append(f"after {cut} bytes: {len(sleep.pauses)} pauses for {len(requests)} requests")
    return problems
