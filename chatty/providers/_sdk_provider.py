"""Asking a vendor through its SDK: one stream, its attempts, its errors.

The SDK builds, sends and names failures; its retries are off, because only this module knows whether the
first token has come. What differs between vendors is in the `Vendor` that the adapter hands in; the reply's
bytes are read in `_reading.py`.
"""

import asyncio
import random
import re
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from chatty.providers import _failures
from chatty.providers._failures import Circumstances
from chatty.providers._openai_wire import error_object, request_body, without_usage
from chatty.providers._reading import Reading
from chatty.providers.base import (
    Capabilities,
    ChatRequest,
    Endpoint,
    JsonValue,
    ModelInfo,
    ProviderEvent,
    Started,
    Timeouts,
)
from chatty.providers.errors import ProviderError
from chatty.providers.redaction import one_line
from chatty.providers.retries import RetryPolicy

if TYPE_CHECKING:
    from chatty.providers.transport import ReplyBody, StreamTransport

_LIST_SECONDS: Final = 30.0
_MAX_NAME_LENGTH: Final = 300
_MAX_WINDOW: Final = 1 << 40
_MAX_CLIENTS: Final = 64
"""Addresses with kept connections; the one unused for longest is forgotten."""


@dataclass(frozen=True, slots=True)
class Sdk:
    """One vendor's SDK, imported: what this module needs of it."""

    make_client: Callable[[str, Any], Any]
    """Return a client for a base URL over an HTTP client, without retries and without a key.

    Of the generated client only `post` and `get` are used.
    """
    stream_class: Any
    """The class the SDK wraps an unread reply in; its `response` is the HTTP library's."""
    no_header: Any
    """The value that keeps the SDK from sending a header."""
    status_error: type[Exception]
    """The answer had a status of 300 or more: `status_code`, `response`, `body`."""
    connection_error: type[Exception]
    """No answer; the HTTP library's exception is its cause."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """What distinguishes one vendor of the OpenAI family, as data."""

    capabilities: Capabilities
    completions_path: str
    models_path: str
    load: Callable[[], Sdk]
    """Import the SDK: hundreds of milliseconds, so only when first needed."""

    renamed_at_home: Mapping[str, str] = field(default_factory=dict)
    """Parameters that compatible servers know by their old name and the vendor itself only by the new one."""

    def address(self, endpoint: Endpoint) -> str:
        """Return the base URL to use."""
        return (endpoint.base_url or self.own_address).rstrip("/")

    @property
    def own_address(self) -> str:
        """The base URL when the endpoint names none."""
        assert self.capabilities.own_address is not None
        return self.capabilities.own_address

    def renamed_parameters(self, endpoint: Endpoint) -> Mapping[str, str]:
        """Return the parameters to send under another name there."""
        return self.renamed_at_home if self.address(endpoint).startswith(self.own_address) else {}


class SdkProvider:
    """A `Provider` for a vendor with an SDK of the OpenAI family."""

    def __init__(
        self,
        vendor: Vendor,
        *,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: random.Random | None = None,
    ) -> None:
        self._vendor = vendor
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._chance = chance or random.Random()
        self._sdk: Sdk | None = None
        self._clients: OrderedDict[object, tuple[StreamTransport, Any]] = OrderedDict()

    @property
    def capabilities(self) -> Capabilities:
        """What this adapter can do."""
        return self._vendor.capabilities

    async def warm(self) -> None:
        """Import the SDK and make one client, so that the first request need not."""
        own = self._vendor.own_address
        await self._client(Circumstances(Endpoint(name="", kind="", base_url=own), address=own))

    async def aclose(self) -> None:
        """Close the connections that are between requests."""
        for transport, _ in self._clients.values():
            await transport.aclose()
        self._clients.clear()

    async def stream(
        self, endpoint: Endpoint, request: ChatRequest
    ) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """Ask for one reply; see `Provider.stream`."""
        around = Circumstances(endpoint, request, self._vendor.address(endpoint))
        self._check(around)
        started_at = time.monotonic()
        attempt = 1
        while True:
            has_yielded = False
            try:
                async with aclosing(self._attempt(around, request, attempt)) as batches:
                    async for batch in batches:
                        has_yielded = True
                        yield batch
                return
            except ProviderError as error:
                elapsed = time.monotonic() - started_at
                pause = None if has_yielded else self._policy.pause(error, attempt, elapsed, self._chance)
                if pause is None:
                    raise
            await self._sleep(pause)
            attempt += 1

    async def list_models(self, endpoint: Endpoint) -> Sequence[ModelInfo]:
        """Return what the endpoint serves; see `Provider.list_models`."""
        around = Circumstances(endpoint, address=self._vendor.address(endpoint))
        self._check(around)
        sdk = await self._loaded()
        client = await self._client(around)
        options = {"headers": _headers(sdk, endpoint), "timeout": _connect_only(Timeouts().connect_seconds)}
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                answer = await client.get(self._vendor.models_path, cast_to=object, options=options)
        except TimeoutError:
            failure = _failures.timed_out(around, _LIST_SECONDS)
        except (ValueError, RecursionError):
            failure = _no_model_list(around)
        except (sdk.status_error, sdk.connection_error) as error:
            failure = _translated(sdk, around, error)
        else:
            return _model_infos(around, answer)
        raise failure  # outside of the handlers: the SDK's exception holds the request, and so the key

    def _check(self, around: Circumstances) -> None:
        """Refuse what no request could make work."""
        endpoint, vendor = around.endpoint, self._vendor
        address = vendor.address(endpoint)
        if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", address):
            raise _no_address(around)
        if endpoint.api_key is None and vendor.capabilities.needs_key_at(endpoint.base_url):
            raise _failures.key_missing(around)
        if endpoint.api_key is not None and not _is_header_value(endpoint.api_key.reveal()):
            raise _failures.key_unusable(around)

    async def _loaded(self) -> Sdk:
        if self._sdk is None:
            # In a thread: the import takes long enough for every other stream to stutter.
            self._sdk = await asyncio.to_thread(self._vendor.load)
        return self._sdk

    async def _client(self, around: Circumstances) -> Any:
        """Return the client for an address and a network; it knows no key, so callers share it."""
        sdk = await self._loaded()
        from chatty.providers.transport import StreamTransport, new_client  # httpx, loaded with the SDK

        key = (around.address, tuple(sorted(around.endpoint.network.items())))
        known = self._clients.get(key)
        if known is None:
            transport = StreamTransport(around.endpoint.network)
            known = transport, _made(sdk, around, new_client(transport))
            self._clients[key] = known
        self._clients.move_to_end(key)
        if len(self._clients) > _MAX_CLIENTS:
            _, (forgotten, _) = self._clients.popitem(last=False)
            await forgotten.aclose()
        return known[1]

    async def _attempt(
        self, around: Circumstances, request: ChatRequest, attempt: int
    ) -> AsyncGenerator[Sequence[ProviderEvent], None]:
        """Yield one attempt's events, `Started` with the first of them. Raises `ProviderError`."""
        started_at = time.monotonic()
        body, headers = await self._open(around, request)
        try:
            request_id = one_line(headers.get("x-request-id", ""), 200) or None
            around = replace(around, request_id=request_id)
            _require_event_stream(around, headers.get("content-type", ""))
            left = request.timeouts.first_token_seconds - (time.monotonic() - started_at)
            reading = Reading(around, body, request.timeouts, left)
            async with aclosing(reading.batches()) as batches:
                first: list[ProviderEvent] = [Started(request_id, attempt)]
                async for batch in batches:
                    yield [*first, *batch] if first else batch
                    first = []
            await body.finish()
        finally:
            body.abort()

    async def _open(
        self, around: Circumstances, request: ChatRequest
    ) -> tuple["ReplyBody", Mapping[str, str]]:
        """Send the request and return the unread body and the headers of a good answer."""
        from chatty.providers.transport import body_of

        sdk = await self._loaded()
        client = await self._client(around)
        timeouts = request.timeouts
        options = {
            "headers": _headers(sdk, around.endpoint, request.idempotency_key),
            "timeout": _connect_only(timeouts.connect_seconds),
        }
        body = request_body(request, self._vendor.renamed_parameters(around.endpoint))
        try:
            async with asyncio.timeout(timeouts.first_token_seconds):
                response = await self._post(sdk, client, options, body)
        except TimeoutError:
            failure = _failures.timed_out(around, timeouts.first_token_seconds)
        except (sdk.status_error, sdk.connection_error) as error:
            failure = _translated(sdk, around, error)
        except (ValueError, TypeError):
            failure = _failures.unsendable(around)
        else:
            return body_of(response), response.headers
        raise failure  # outside of the handlers: the SDK's exception holds the request, and so the key

    async def _post(self, sdk: Sdk, client: Any, options: dict[str, Any], body: dict[str, JsonValue]) -> Any:
        """Return the HTTP library's unread response. Raises what the SDK raises."""
        path = self._vendor.completions_path
        settings = {"cast_to": object, "options": options, "stream": True, "stream_cls": sdk.stream_class}
        try:
            stream = await client.post(path, body=body, **settings)
        except sdk.status_error as error:
            if not _refuses_usage(error):
                raise
            # Some servers know no `stream_options`: better a reply with estimated usage than none.
            stream = await client.post(path, body=without_usage(body), **settings)
        return stream.response


def _made(sdk: Sdk, around: Circumstances, http_client: Any) -> Any:
    """Return a client, or say that there can be none for this address."""
    try:
        return sdk.make_client(around.address, http_client)
    except Exception:  # each HTTP library has its own for an address it cannot read, such as `http://h:PORT`
        failure = _no_address(around)
    raise failure  # outside of the handler: what it holds may quote a password


def _no_address(around: Circumstances) -> ProviderError:
    return _failures.unreachable(around, "its base URL is not an http or https address", retryable=False)


def _headers(sdk: Sdk, endpoint: Endpoint, idempotency_key: str = "") -> dict[str, Any]:
    """Return the headers of one request. The key is here and not in the client, which outlives its caller."""
    key = endpoint.api_key
    headers: dict[str, Any] = {"Authorization": f"Bearer {key.reveal()}" if key else sdk.no_header}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    return headers


def _is_header_value(key: str) -> bool:
    return re.fullmatch(r"[\x21-\x7e]+", key) is not None


def _connect_only(seconds: float) -> Any:
    import httpx  # already there through the SDK

    return httpx.Timeout(None, connect=seconds)


def _refuses_usage(error: Any) -> bool:
    return error.status_code in (400, 422) and "stream_options" in str(error.body)


def _require_event_stream(around: Circumstances, content_type: str) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/html":  # JSON is read: it may say what went wrong
        raise _failures.stream_broken(around, f"answered with {kind} instead of a stream", retryable=False)


def _translated(sdk: Sdk, around: Circumstances, error: Exception) -> ProviderError:
    """Return our error for one of the SDK's."""
    from chatty.providers.transport import connect_failure

    if isinstance(error, sdk.status_error):
        return _refused(around, error)
    failure = connect_failure(error.__cause__)
    if failure is not None:
        return _failures.unreachable(around, str(failure), retryable=not failure.is_permanent)
    return _failures.stream_broken(around, f"broke off: {error.__cause__ or error}", retryable=True)


def _refused(around: Circumstances, error: Any) -> ProviderError:
    headers = error.response.headers
    around = replace(around, request_id=one_line(headers.get("x-request-id", ""), 200) or None)
    return _failures.refused(
        around,
        error.status_code,
        error_object(error.body),
        retry_after_seconds=_failures.retry_after(headers, time.time()),
    )


def _model_infos(around: Circumstances, answer: object) -> Sequence[ModelInfo]:
    """Read a list of models: `{"data": [{"id": …}]}`."""
    models = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(models, list):
        raise _no_model_list(around)
    infos = (_model_info(model) for model in models if isinstance(model, Mapping))
    return sorted((info for info in infos if info is not None), key=lambda info: info.id)


def _model_info(model: Mapping[str, object]) -> ModelInfo | None:
    name = model.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME_LENGTH or not name.isprintable():
        return None  # nobody could ask for it
    # Groq, OpenRouter and vLLM say how much a model reads, each under another name.
    windows = (model.get(key) for key in ("context_window", "context_length", "max_model_len"))
    window = next((value for value in windows if isinstance(value, int) and 0 < value < _MAX_WINDOW), None)
    return ModelInfo(name, window)


def _no_model_list(around: Circumstances) -> ProviderError:
    return _failures.stream_broken(around, "did not answer with a list of models", retryable=False)
