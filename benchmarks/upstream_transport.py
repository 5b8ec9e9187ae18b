"""What each HTTP transport under the vendors' SDKs costs, as ratios to bare asyncio streams in one run.

    python -m benchmarks.upstream_transport [--streams 250] [--tokens 100] [--delay-ms 50] [--rounds 3]

Every candidate sends the same requests to one scripted upstream in another process and reads the replies with
the program's own reader, except `sdk stream objects`, the SDK as its manual shows it. `whole adapter`
is what the server calls: retries, time limits and events included. Figures: CPU for a paced token (its share
of the request included) with many streams at once, wall time of a short reply on a warm connection, and
import time.
`httpx-aiohttp` takes part when it is installed; it is not a dependency.
"""

import argparse
import asyncio
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from benchmarks.report import save
from chatty.providers._http1 import decoder_for, parse_head, request_bytes
from chatty.providers._openai_wire import ReplyReader
from chatty.providers.base import TextDelta

PATH = "/chat/completions"

Read = Callable[[str], Awaitable[int]]
"""Ask the named model for a reply and return the number of characters of its text."""
Candidate = Callable[[str], Awaitable[Read]]
"""Make a reader for a base URL."""


def _body(model: str) -> dict[str, Any]:
    return {
        "model": model,
        "messages": [{"role": "user", "content": "count"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def _text_length(reader: ReplyReader, data: bytes) -> int:
    return sum(len(event.text) for event in reader.feed(data) if isinstance(event, TextDelta))


async def bare_streams(base_url: str) -> Read:
    """The floor: one request written by hand, `StreamReader.read`, our chunk decoder and reader."""
    host, port = base_url.removeprefix("http://").removesuffix("/v1").split(":")
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def read(model: str) -> int:
        reader, writer = idle.pop() if idle else await asyncio.open_connection(host, int(port))
        body = json.dumps(_body(model)).encode()
        headers = [(b"Host", b"x"), (b"Authorization", b"Bearer k"), (b"Content-Length", b"%d" % len(body))]
        writer.write(request_bytes(b"POST", b"/v1/chat/completions", headers, body))
        decoder = decoder_for(parse_head(await reader.readuntil(b"\r\n\r\n")))
        reply, length = ReplyReader(), 0
        while not decoder.is_complete:
            length += _text_length(reply, decoder.feed(await reader.read(65536)))
        idle.append((reader, writer))
        return length

    return read


async def own_transport(base_url: str) -> Read:
    """The SDK builds and sends through the program's transport; the body is read below both."""
    import openai

    from chatty.providers.transport import StreamTransport, body_of, new_client

    client: Any = new_client(StreamTransport({}))  # the SDK takes the older httpx too, its types do not
    sdk = openai.AsyncOpenAI(api_key="k", base_url=base_url, max_retries=0, http_client=client)

    async def read(model: str) -> int:
        stream = await _sdk_post(sdk, model)
        body, reply, length = body_of(stream.response), ReplyReader(), 0
        while data := await body.read():
            length += _text_length(reply, data)
        await body.finish()
        return length

    return read


async def whole_adapter(base_url: str) -> Read:
    """The program's OpenAI provider, as the server uses it."""
    from chatty.providers.base import ChatMessage, ChatRequest, Endpoint, Secret
    from chatty.providers.openai import new_provider

    provider, endpoint = new_provider(), Endpoint("lab", "openai", base_url, Secret("k"))

    async def read(model: str) -> int:
        length = 0
        async for batch in provider.stream(endpoint, ChatRequest(model, [ChatMessage("user", "count")])):
            length += sum(len(event.text) for event in batch if isinstance(event, TextDelta))
        return length

    return read


async def _sdk_post(sdk: Any, model: str) -> Any:
    import openai

    return await sdk.post(
        PATH, cast_to=object, body=_body(model), stream=True, stream_cls=openai.AsyncStream[object]
    )


def _through_sdk(make_client: Callable[[], Any]) -> Candidate:
    async def make(base_url: str) -> Read:
        import openai

        sdk = openai.AsyncOpenAI(api_key="k", base_url=base_url, max_retries=0, http_client=make_client())

        async def read(model: str) -> int:
            stream = await _sdk_post(sdk, model)
            reply, length = ReplyReader(), 0
            async for data in stream.response.aiter_raw():
                length += _text_length(reply, data)
            return length

        return read

    return make


async def sdk_stream_objects(base_url: str) -> Read:
    """The SDK alone: default transport, one validated object for each piece."""
    import openai

    sdk = openai.AsyncOpenAI(api_key="k", base_url=base_url, max_retries=0, http_client=_httpx2_client())

    async def read(model: str) -> int:
        length = 0
        stream = await sdk.chat.completions.create(**_body(model))
        async for piece in stream:
            if piece.choices:
                length += len(piece.choices[0].delta.content or "")
        return length

    return read


def _httpx2_client() -> Any:
    import httpx2

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx2.AsyncClient(limits=limits, timeout=60)


def _httpx_client() -> Any:
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(limits=limits, timeout=60)


def _aiohttp_client() -> Any:
    import httpx
    from httpx_aiohttp import AiohttpTransport  # type: ignore[import-not-found, unused-ignore]

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(transport=AiohttpTransport(limits=limits), timeout=60)


CANDIDATES: dict[str, Candidate] = {
    "bare asyncio streams": bare_streams,
    "own transport": own_transport,
    "whole adapter": whole_adapter,
    "httpx": _through_sdk(_httpx_client),
    "httpx2": _through_sdk(_httpx2_client),
    "sdk stream objects": sdk_stream_objects,
}
if importlib.util.find_spec("httpx_aiohttp"):
    CANDIDATES["httpx-aiohttp"] = _through_sdk(_aiohttp_client)

IMPORTS = {
    "own transport": "chatty.providers.transport",
    "httpx": "httpx",
    "httpx2": "httpx2",
    "httpx-aiohttp": "httpx_aiohttp",
}


async def _paced(make: Candidate, base_url: str, streams: int, tokens: int, delay_ms: int) -> float:
    """Return CPU microseconds for a token, its share of the request included, with all streams at once.

    Connections and imports are warm.
    """
    read = await make(base_url)
    await asyncio.gather(*(read(f"tok1-delay{delay_ms}") for _ in range(streams)))
    started = time.process_time()
    lengths = await asyncio.gather(*(read(f"tok{tokens}-delay{delay_ms}") for _ in range(streams)))
    used = time.process_time() - started
    assert set(lengths) == {tokens * 6}, "text was lost"
    return used / (streams * tokens) * 1e6


async def _short_reply(make: Candidate, base_url: str) -> float:
    """Return the wall time in milliseconds of a one-token reply, one after the other: the lower quartile.

    Not the median, because other work on the machine only ever adds.
    """
    read = await make(base_url)
    times = []
    for _ in range(200):
        started = time.perf_counter()
        await read("tok1-delay0")
        times.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(times[20:])[0]


def _measure_in_child(name: str, what: str, base_url: str, arguments: argparse.Namespace) -> float:
    """Run one measurement in a fresh process, so that no candidate pays for another's imports or garbage."""
    command = [sys.executable, "-m", "benchmarks.upstream_transport", "--child", name, what, base_url]
    command += ["--streams", str(arguments.streams), "--tokens", str(arguments.tokens)]
    command += ["--delay-ms", str(arguments.delay_ms)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _import_ms(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print((time.perf_counter() - t) * 1000)"
    runs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        for _ in range(5)
    ]
    return min(float(run.stdout) for run in runs)


def _run_child(arguments: argparse.Namespace) -> None:
    name, what, base_url = arguments.child
    make = CANDIDATES[name]
    if what == "paced":
        measured = _paced(make, base_url, arguments.streams, arguments.tokens, arguments.delay_ms)
    else:
        measured = _short_reply(make, base_url)
    print(uvloop.run(measured))


def _samples(arguments: argparse.Namespace) -> dict[str, list[list[float]]]:
    """Return, for each candidate and round: CPU per token, short reply."""
    command = [sys.executable, "-m", "tests.instruments.fake_upstream", "--port", "0"]
    upstream = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert upstream.stdout is not None
    samples: dict[str, list[list[float]]] = {name: [] for name in CANDIDATES}
    try:
        base_url = json.loads(upstream.stdout.readline())["url"]
        for _ in range(arguments.rounds):  # interleaved, so that a busy moment hits everybody
            for name, rows in samples.items():
                rows.append(
                    [_measure_in_child(name, what, base_url, arguments) for what in ("paced", "short")]
                )
    finally:
        upstream.terminate()
        upstream.wait()
    return samples


def _result(arguments: argparse.Namespace) -> dict[str, Any]:
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in _samples(arguments).items()
    }
    floor_token, floor_short = medians["bare asyncio streams"]
    return {
        "parameters": {
            name: getattr(arguments, name) for name in ("streams", "tokens", "delay_ms", "rounds")
        },
        "candidates": {
            name: {
                "cpu_us_per_token": round(token, 1),
                "cpu_ratio": round(token / floor_token, 2),
                "short_reply_ms": round(short, 3),
                "short_reply_ratio": round(short / floor_short, 2),
                "import_ms": round(_import_ms(IMPORTS[name])) if name in IMPORTS else None,
            }
            for name, (token, short) in medians.items()
        },
    }


def main() -> None:
    """Measure, print the table and keep the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=250)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--delay-ms", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _run_child(arguments)
        return
    result = _result(arguments)
    save("upstream_transport", result)
    for name, row in result["candidates"].items():
        cost = f"{row['cpu_us_per_token']:7.1f} us/token  x{row['cpu_ratio']:<6}"
        reply = f"{row['short_reply_ms']:7.3f} ms  x{row['short_reply_ratio']:<6}"
        print(f"{name:22} {cost} {reply} import {row['import_ms']}")


if __name__ == "__main__":
    main()
