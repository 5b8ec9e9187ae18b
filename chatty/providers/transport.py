"""The one place where providers do HTTP: an httpx client over asyncio streams.

The vendors' SDKs build and sign requests with the client made here and name the errors; the bytes of a
streamed reply are read from `ReplyBody` directly, below httpx's and the SDKs' layers, because those cost
several times more than the read itself (docs/decisions/0002-upstream-transport.md). Nobody else imports
httpx. No redirects, no compression, no HTTP/2, no cookies.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

import httpx

from chatty.providers._dialing import READ_BYTES, Connection, Dialer, DialError, Origin, read_head
from chatty.providers._http1 import BadResponse, BodyDecoder, decoder_for, parse_head, request_bytes

TransportError = httpx.TransportError
"""What reading and sending raise."""

MAX_ERROR_BODY_BYTES: Final = 64 << 10
"""What is read of a refusal; the rest is dropped with its connection."""
MAX_PLAIN_BODY_BYTES: Final = 8 << 20
"""What httpx reads of a whole answer, such as a list of models; the rest is cut off."""
MAX_IDLE_CONNECTIONS: Final = 256
_DRAIN_SECONDS: Final = 0.05

_BODY_EXTENSION: Final = "chatty.reply_body"


class ReplyBody(httpx.AsyncByteStream):
    """The body of one response, read by us or by httpx; it owns the connection until it is closed."""

    def __init__(
        self, transport: "StreamTransport", connection: Connection, decoder: BodyDecoder, *, limit: int | None
    ) -> None:
        self._transport = transport
        self._connection = connection
        self._decoder = decoder
        self._left = limit
        self._is_closed = False

    async def read(self) -> bytes:
        """Return the next bytes, empty at the end of the body.

        Raises `httpx.ReadError` when the connection broke, `httpx.RemoteProtocolError` when the body is not
        what its head promised.
        """
        while not self._decoder.is_complete:
            try:
                data = await self._connection.reader.read(READ_BYTES)
                if not data:
                    self._decoder.end()
                    break
                content = self._decoder.feed(data)
            except OSError as error:
                raise httpx.ReadError("the connection broke") from error
            except BadResponse as error:
                raise httpx.RemoteProtocolError(str(error)) from error
            if content:
                return content
        return b""

    def abort(self) -> None:
        """Close the connection now: what tells the vendor to stop. Safe to call twice."""
        if not self._is_closed:
            self._is_closed = True
            self._connection.abort()

    async def finish(self) -> None:
        """Give the connection back for another request, if the end of the body is here or about to be."""
        if self._is_closed:
            return
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while await self.read():
                    pass
        except (TimeoutError, httpx.TransportError):
            self.abort()
            return
        except BaseException:
            self.abort()
            raise
        await self.aclose()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body for httpx, within this body's limit."""
        while content := await self.read():
            if self._left is not None:
                if len(content) > self._left:
                    self.abort()
                    yield content[: self._left]
                    return
                self._left -= len(content)
            yield content

    async def aclose(self) -> None:
        """Keep the connection when the body was read to its end, else close it."""
        if self._is_closed:
            return
        if not self._decoder.is_complete or not self._decoder.keeps_connection:
            self.abort()
            return
        self._is_closed = True
        self._transport.keep(self._connection)


class StreamTransport(httpx.AsyncBaseTransport):
    """httpx's transport over `asyncio.open_connection`, with kept connections and the caller's proxies.

    The connect timeout is taken from the request; all other waiting is bounded by whoever waits.
    """

    def __init__(self, network: Mapping[str, str]) -> None:
        self._dialer = Dialer(network)
        self._idle: list[Connection] = []
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and return its response as soon as the head is there."""
        content = await request.aread()
        origin = _origin_of(request.url)
        kept = self._take_idle(origin)
        if kept is not None:
            try:
                return await self._exchange(kept, request, content)
            except _ClosedUnanswered:
                pass  # the vendor closed a kept connection as we wrote: it has seen nothing of this request
        return await self._exchange(await self._connect(origin, request), request, content)

    def keep(self, connection: Connection) -> None:
        """Take back a connection that is between two requests."""
        if self._is_closed or not connection.is_usable:
            connection.abort()
            return
        self._idle.append(connection)
        if len(self._idle) > MAX_IDLE_CONNECTIONS:
            self._idle.pop(0).abort()

    async def aclose(self) -> None:
        """Close the kept connections; responses being read keep theirs."""
        self._is_closed = True
        for connection in self._idle:
            connection.abort()
        self._idle.clear()

    def _take_idle(self, origin: Origin) -> Connection | None:
        for index in range(len(self._idle) - 1, -1, -1):
            if self._idle[index].origin == origin:
                connection = self._idle.pop(index)
                if connection.is_usable:
                    return connection
                connection.abort()
        return None

    async def _connect(self, origin: Origin, request: httpx.Request) -> Connection:
        limit = request.extensions.get("timeout", {}).get("connect")
        try:
            async with asyncio.timeout(limit):
                return await self._dialer.dial(origin)
        except TimeoutError:
            failure = DialError(f"no connection within {limit:g} s")
        except DialError as error:
            failure = error
        raise httpx.ConnectError(str(failure)) from failure

    async def _exchange(
        self, connection: Connection, request: httpx.Request, content: bytes
    ) -> httpx.Response:
        try:
            return await self._send_and_read_head(connection, request, content)
        except OSError as error:
            connection.abort()
            raise httpx.ReadError("the connection broke") from error
        except BadResponse as error:
            connection.abort()
            raise httpx.RemoteProtocolError(str(error)) from error
        except BaseException:
            connection.abort()
            raise

    async def _send_and_read_head(
        self, connection: Connection, request: httpx.Request, content: bytes
    ) -> httpx.Response:
        try:
            connection.writer.write(_serialised(connection, request, content))
            await connection.writer.drain()
            head = parse_head(await read_head(connection.reader))
            while head.status < 200:
                head = parse_head(await read_head(connection.reader))
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise BadResponse("the connection closed inside the response head") from error
            raise _ClosedUnanswered("the connection closed before an answer") from error
        except ConnectionError as error:
            raise _ClosedUnanswered("the connection broke before an answer") from error
        coding = (head.get(b"content-encoding") or b"identity").lower()
        if coding != b"identity" and head.status < 300:
            raise BadResponse("the body is compressed, although that was refused")
        # A compressed refusal is handed over empty: its text is lost, its status is not.
        limit = _limit(head.status) if coding == b"identity" else 0
        body = ReplyBody(self, connection, decoder_for(head), limit=limit)
        return httpx.Response(
            head.status,
            headers=[header for header in head.headers if header[0].lower() != b"content-encoding"],
            stream=body,
            extensions={_BODY_EXTENSION: body},
        )


class _ClosedUnanswered(httpx.ReadError):
    """The peer closed without an answer; on a kept connection that is no news about the request."""


def _limit(status: int) -> int:
    return MAX_PLAIN_BODY_BYTES if status < 300 else MAX_ERROR_BODY_BYTES


def _origin_of(url: httpx.URL) -> Origin:
    return Origin(url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80))


def _serialised(connection: Connection, request: httpx.Request, content: bytes) -> bytes:
    headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"accept-encoding"]
    headers.append((b"Accept-Encoding", b"identity"))
    target = request.url.raw_path
    if connection.proxy is not None:
        target = str(request.url).encode("ascii")
        if connection.proxy.authorization:
            headers.append((b"Proxy-Authorization", connection.proxy.authorization))
    return request_bytes(request.method.encode("ascii"), target, headers, content)


def new_client(transport: StreamTransport) -> httpx.AsyncClient:
    """Return a client over this transport. It adds nothing of its own, neither settings nor redirects."""
    return httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False)


def body_of(response: object) -> ReplyBody:
    """Return the raw body of a response that came through `new_client`, to read in the response's place."""
    assert isinstance(response, httpx.Response)
    body = response.extensions[_BODY_EXTENSION]
    assert isinstance(body, ReplyBody)
    return body


def connect_failure(error: BaseException | None) -> DialError | None:
    """Return why there was no connection, if that is what this exception of httpx says."""
    cause = error.__cause__ if isinstance(error, httpx.ConnectError) else None
    return cause if isinstance(cause, DialError) else None
