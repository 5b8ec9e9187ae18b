"""A scripted model vendor on the loopback: OpenAI's chat completions over HTTP/1.1 and server-sent events.

The model's name chooses what happens (`upstream_scripts.py`, `upstream_faults.py`), or a test hands the
scripts over. It is deterministic, fast enough to be the upstream of the benchmarks, and records what it was
asked. It does not do HTTP/2 or anything but POST /v1/chat/completions and GET /v1/models.

    python -m tests.instruments.fake_upstream --port 0 --tokens 200 --delay-ms 0
"""

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import msgspec
import uvloop

from tests.instruments.accepting import accepting, listen_tcp
from tests.instruments.upstream_faults import fault_for
from tests.instruments.upstream_scripts import (
    Hang,
    Script,
    Send,
    body_bytes,
    error_script,
    head_bytes,
    script_for,
    tail_bytes,
)

WRONG_KEY = "wrong-key"
"""The bearer token that is always refused."""

MODELS = ("tok200-delay0", "tok100-delay20", "md5000-delay2", "think20-tok50-delay5", "echo", "fault-429")
"""What `/v1/models` lists; any other name of the grammar works as well."""

MAX_REQUEST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as it came in."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def json(self) -> dict[str, object]:
        """Return the body as a JSON object; an empty one for an empty body."""
        return msgspec.json.decode(self.body or b"{}", type=dict[str, object])

    @property
    def model(self) -> str:
        """The model asked for."""
        return str(self.json().get("model", ""))


class FakeUpstream:
    """The server: `async with FakeUpstream() as upstream: … upstream.url`.

    With `scripts`, the n-th chat request plays the n-th script and the last one repeats; without, `answers`
    decides by the last message's text, then the model's name; `default_model` answers names that mean
    nothing.
    """

    def __init__(
        self,
        *scripts: Script,
        key: str | None = None,
        default_model: str | None = None,
        seed: int = 0,
        port: int = 0,
        keeps_requests: bool = True,
        tls: ssl.SSLContext | None = None,
        models: Script | None = None,
        answers: Mapping[str, Script] | None = None,
    ) -> None:
        self._scripts: Sequence[Script] = scripts
        self._key = key
        self._default_model = default_model
        self._seed = seed
        self._port = port
        self._keeps_requests = keeps_requests
        self._tls = tls
        self._models = models or model_list(MODELS)
        self._answers = answers or {}
        self._seen: Counter[str] = Counter()
        self._listener: socket.socket | None = None
        self._accepting = contextlib.AsyncExitStack()
        self._changed = asyncio.Condition()
        self.requests: list[ReceivedRequest] = []
        """Every request, in order of arrival; empty with `keeps_requests=False`, for long measurements."""
        self.connections = 0
        """Connections accepted so far."""
        self.open_connections = 0
        """Connections that are open now."""

    @property
    def url(self) -> str:
        """The base URL to configure, such as `http://127.0.0.1:PORT/v1`."""
        assert self._listener is not None, "not started"
        host, port = self._listener.getsockname()
        return f"{'https' if self._tls else 'http'}://{host}:{port}/v1"

    async def __aenter__(self) -> Self:
        self._listener = listen_tcp(self._port)
        await self._accepting.enter_async_context(accepting(self._listener, self._serve, tls=self._tls))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._accepting.aclose()

    async def wait_for_requests(self, count: int, timeout_seconds: float = 5.0) -> None:
        """Return when that many requests have come in."""
        await self._wait_until(lambda: len(self.requests) >= count, timeout_seconds)

    async def wait_for_no_connections(self, timeout_seconds: float = 5.0) -> None:
        """Return when every client has gone."""
        await self._wait_until(lambda: self.open_connections == 0, timeout_seconds)

    async def _wait_until(self, holds: Callable[[], bool], timeout_seconds: float) -> None:
        async with asyncio.timeout(timeout_seconds), self._changed:
            await self._changed.wait_for(holds)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_connections += 1
        try:
            while (request := await _read_request(reader)) is not None:
                if self._keeps_requests:
                    self.requests.append(request)
                    await self._notify()
                if not await _play(self._answer(request), reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left: that is its right
        finally:
            if writer.is_closing():
                writer.transport.abort()
            self.open_connections -= 1
            await self._notify()

    def _answer(self, request: ReceivedRequest) -> Script:
        if refusal := self._refusal(request):
            return refusal
        if request.method == "GET" and request.target.endswith("/models"):
            return self._models
        if request.method == "POST" and request.target.endswith("/chat/completions"):
            return self._completion(request)
        return error_script(404, "No such path.")

    def _refusal(self, request: ReceivedRequest) -> Script | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        is_wrong = token == WRONG_KEY if self._key is None else token != self._key
        return error_script(401, "Incorrect API key provided.", code="invalid_api_key") if is_wrong else None

    def _completion(self, request: ReceivedRequest) -> Script:
        if self._scripts:
            turn = self._seen["completion"]
            self._seen["completion"] += 1
            return self._scripts[min(turn, len(self._scripts) - 1)]
        asked = request.json()
        model = str(asked.get("model", ""))
        include_usage = _wants_usage(asked)
        script = (
            self._answers.get(_last_text(asked))
            or self._fault(model)
            or script_for(model, _last_text(asked), include_usage=include_usage, seed=self._seed)
        )
        if script is None and self._default_model:
            script = script_for(self._default_model, "", include_usage=include_usage, seed=self._seed)
        return script or error_script(404, "The model does not exist.", code="model_not_found")

    def _fault(self, model: str) -> Script | None:
        if not model.startswith("fault-"):
            return None
        already_seen = self._seen[model]
        self._seen[model] += 1
        return fault_for(model.removeprefix("fault-"), already_seen)


def _wants_usage(asked: Mapping[str, object]) -> bool:
    options = asked.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _last_text(asked: Mapping[str, object]) -> str:
    messages = asked.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    return str(last.get("content", ""))


def model_list(names: Iterable[str]) -> Script:
    """Return the answer of `/v1/models` that lists these."""
    models = [{"id": name, "object": "model", "created": 1_760_000_000, "owned_by": "fake"} for name in names]
    body = json.dumps({"object": "list", "data": models}).encode()
    return Script(steps=(Send(body),), content_type="application/json")


async def _read_request(reader: asyncio.StreamReader) -> ReceivedRequest | None:
    """Return the next request, or None when the client has closed the connection between two."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    assert length <= MAX_REQUEST_BYTES, "a request that no test sends"
    return ReceivedRequest(method, target, headers, await reader.readexactly(length))


async def _play(script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Send the answer; tell whether the connection can take another request."""
    if script.ready is not None:
        writer.write(script.ready)
        await writer.drain()
        return True
    loop = asyncio.get_running_loop()
    due = loop.time()
    pending = bytearray(head_bytes(script))
    for step in script.steps:
        if isinstance(step, Send):
            if step.after_seconds:
                due += step.after_seconds
                await _flush(writer, pending)
                await asyncio.sleep(due - loop.time())
            pending += body_bytes(script, step.data)
            if len(pending) > 1 << 18:
                await _flush(writer, pending)
            continue
        await _flush(writer, pending)
        if isinstance(step, Hang):
            await reader.read()
        writer.transport.abort()
        return False
    pending += tail_bytes(script)
    await _flush(writer, pending)
    return script.keeps_connection


async def _flush(writer: asyncio.StreamWriter, pending: bytearray) -> None:
    if pending:
        writer.write(bytes(pending))
        pending.clear()
        await writer.drain()


@contextlib.contextmanager
def _stop_signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    yield


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    default = f"tok{arguments.tokens}-delay{arguments.delay_ms}"
    upstream = FakeUpstream(
        key=arguments.key, default_model=default, seed=arguments.seed, port=arguments.port
    )
    async with upstream:
        with _stop_signals(stop):
            print(json.dumps({"url": upstream.url}), flush=True)
            await stop.wait()


def main() -> None:
    """Serve until a signal; print the base URL as one JSON line first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=200, help="length of the reply of an unknown model")
    parser.add_argument("--delay-ms", type=int, default=0, help="time between two tokens of an unknown model")
    parser.add_argument("--key", help="the only bearer token accepted; without it any but 'wrong-key'")
    parser.add_argument("--seed", type=int, default=0)
    uvloop.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
