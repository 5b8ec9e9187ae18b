"""A vendor's reply of two kilobytes, cut after every single byte, in two ways.

    python -m benchmarks.upstream_cuts

Each must end in exactly one error with the text so far, be asked again only when nothing had come, and then
under the same key. Then a fast reply: how much memory 20,000 tokens at full speed take. Exits with 1 when any
cut ends otherwise, or when the fast reply takes more than 16 MiB.
"""

import argparse
import asyncio
import sys
import tracemalloc

from benchmarks.report import save
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.upstream_faults import GOOD, TAIL
from tests.providers.asking import VENDORS, ask, endpoint_at, new_provider, request_for
from tests.providers.cuts import cut_at

MOST_BYTES = 16 << 20


async def fast_reply(tokens: int) -> int:
    """Return the bytes in use at most while a reply comes as fast as it can, beyond those of its text."""
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream() as upstream:
        await ask(provider, endpoint_at(upstream.url), request_for(f"tok{tokens}-delay0"))
        tracemalloc.start()
        reply = await ask(provider, endpoint_at(upstream.url), request_for(f"tok{tokens}-delay0"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await provider.aclose()
    return peak - len(reply.text)


async def run() -> tuple[list[str], int]:
    cuts = range(len(GOOD) - len(TAIL))
    problems = await cut_at(cuts) + await cut_at(cuts, by_reset=True)
    return problems, await fast_reply(20_000)


def main() -> int:
    argparse.ArgumentParser(description=__doc__).parse_args()
    problems, peak = asyncio.run(run())
    figures = {
        "cuts": 2 * (len(GOOD) - len(TAIL)),
        "reply_bytes": len(GOOD),
        "problems": problems,
        "fast_reply_peak_bytes": peak,
    }
    for name, value in figures.items():
        print(f"{name:22} {value}")
    save("upstream_cuts", figures)
    return int(bool(problems) or peak > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
