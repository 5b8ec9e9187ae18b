"""Opening connections for one caller: name look-up, proxy, certificates, TLS.

The rules come from the caller's variables (`Endpoint.network`) and never from this process's environment:
a server answers for people whose settings differ. SOCKS proxies are refused by name. No pooling, no HTTP
beyond the CONNECT to a proxy.
"""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from chatty.providers._http1 import MAX_HEAD_BYTES, BadResponse, parse_head, request_bytes

READ_BYTES: Final = 64 << 10
"""The most that one read takes; the stream below buffers at most twice that."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class DialError(OSError):
    """No connection; the text says which step failed."""

    is_permanent = False
    """Trying again cannot help: something has to be set right first."""


class SetupError(DialError):
    """No connection, and none until the proxy, the certificates or the address are set right."""

    is_permanent = True


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request goes: the scheme, host and port of its URL."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy from the caller's variables."""

    scheme: str
    host: str
    port: int
    authorization: bytes | None
    """The value of `Proxy-Authorization`."""


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """One open connection and the route it took."""

    origin: Origin
    proxy: Proxy | None
    """Set when requests must name the whole URL and authorise themselves to the proxy (plain HTTP)."""
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def is_usable(self) -> bool:
        """Neither side has closed it, as far as is known here."""
        return not self.writer.is_closing() and not self.reader.at_eof()

    def abort(self) -> None:
        """Close now; what is unsent is lost."""
        self.writer.transport.abort()


def proxy_for(origin: Origin, network: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that the variables name for this origin. Raises `DialError` for one we cannot use."""
    if _is_exempt(origin, _variable(network, "no_proxy")):
        return None
    url = _variable(network, f"{origin.scheme}_proxy") or _variable(network, "all_proxy")
    return _parse_proxy(url) if url else None


def _variable(network: Mapping[str, str], name: str) -> str:
    return network.get(name) or network.get(name.upper()) or ""


def _is_exempt(origin: Origin, no_proxy: str) -> bool:
    """Read NO_PROXY: `*`, or names that cover their subdomains, each with or without a port."""
    host = origin.host.lower()
    for entry in no_proxy.lower().replace(",", " ").split():
        name = entry.removesuffix(f":{origin.port}").removeprefix("*").removeprefix(".").strip("[]")
        if entry == "*" or (name and (host == name or host.endswith(f".{name}"))):
            return True
    return False


def _parse_proxy(url: str) -> Proxy:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SetupError("the proxy variable is not a URL") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise SetupError(f"proxies of the kind {parts.scheme[:20]!r} are not supported, only http and https")
    authorization = None
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        authorization = b"Basic " + base64.b64encode(credentials)
    return Proxy(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], authorization)


def trust(network: Mapping[str, str]) -> ssl.SSLContext:
    """Return the TLS settings: the caller's certificate file or folder, else the bundled authorities.

    Takes 10 to 20 ms of reading and parsing: keep the result, and call it in a thread.
    """
    import certifi  # an authority list, needed for TLS only

    file, folder = network.get("SSL_CERT_FILE"), network.get("SSL_CERT_DIR")
    try:
        context = ssl.create_default_context(
            cafile=file or (None if folder else certifi.where()), capath=folder or None
        )
    except (OSError, ssl.SSLError) as error:
        raise SetupError("the certificates named by SSL_CERT_FILE or SSL_CERT_DIR cannot be read") from error
    context.set_alpn_protocols(["http/1.1"])
    return context


class Dialer:
    """Opens connections by one caller's rules."""

    def __init__(self, network: Mapping[str, str]) -> None:
        self._network = dict(network)
        self._trust: ssl.SSLContext | None = None

    async def dial(self, origin: Origin) -> Connection:
        """Return an open connection. Raises `DialError`; cancelling leaves nothing open."""
        proxy = proxy_for(origin, self._network)
        try:
            if proxy is None:
                reader, writer = await self._open(origin.scheme, origin.host, origin.port)
                return Connection(origin, None, reader, writer)
            reader, writer = await self._open(proxy.scheme, proxy.host, proxy.port)
            if origin.scheme == "http":
                return Connection(origin, proxy, reader, writer)
            await self._tunnel(origin, proxy, reader, writer)
            return Connection(origin, None, reader, writer)
        except DialError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise SetupError(
                f"the certificate of {origin.host} is not trusted: {error.verify_message};"
                " SSL_CERT_FILE can name an authority of your own"
            ) from error
        except ssl.SSLError as error:
            raise DialError(f"the TLS handshake with {origin.host} failed") from error
        except UnicodeError as error:
            raise SetupError(f"{(proxy or origin).host} is not the name of a host") from error
        except OSError as error:
            through = f", through the proxy {proxy.host}:{proxy.port}" if proxy else ""
            raise DialError((error.strerror or str(error) or "no connection") + through) from error

    async def _open(
        self, scheme: str, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = await self._trusted() if scheme == "https" else None
        return await asyncio.open_connection(host, port, ssl=context, limit=READ_BYTES)

    async def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = await asyncio.to_thread(trust, self._network)
        return self._trust

    async def _tunnel(
        self, origin: Origin, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await self._connect_through(origin, proxy, reader, writer)
            await writer.start_tls(await self._trusted(), server_hostname=origin.host)
        except BaseException:
            writer.transport.abort()
            raise

    async def _connect_through(
        self, origin: Origin, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        address = f"{host}:{origin.port}".encode("ascii")
        headers = [(b"Host", address)]
        if proxy.authorization:
            headers.append((b"Proxy-Authorization", proxy.authorization))
        writer.write(request_bytes(b"CONNECT", address, headers, b""))
        try:
            head = parse_head(await reader.readuntil(b"\r\n\r\n"))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, BadResponse) as error:
            raise DialError("the proxy did not answer in HTTP") from error
        if head.status != 200:
            raise DialError(f"the proxy refused the connection with status {head.status}")


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """Return one response head. Raises `BadResponse`, or `IncompleteReadError` when the peer closed first."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise BadResponse("the response head is too long") from error
    if len(head) > MAX_HEAD_BYTES:
        raise BadResponse("the response head is too long")
    return head
