"""An HTTP proxy on the loopback that sends everything to one place, and TLS certificates for tests."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.instruments.accepting import accepting, listen_tcp


class FakeProxy:
    """Accepts CONNECT and absolute-form requests; whatever the name, it connects to `target`."""

    def __init__(self, target: tuple[str, int], status: int = 200) -> None:
        self._target = target
        self._status = status
        self._listener = listen_tcp()
        self._accepting = contextlib.AsyncExitStack()
        self.heads: list[str] = []
        """The request heads as they came."""

    @property
    def address(self) -> str:
        """Host and port, as in a proxy variable."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    async def __aenter__(self) -> Self:
        await self._accepting.enter_async_context(accepting(self._listener, self._serve))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._accepting.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        if self._status != 200:
            writer.write(b"HTTP/1.1 %d No\r\n\r\n" % self._status)
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        if head.startswith(b"CONNECT "):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            far_writer.write(head)
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            far_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


def make_certificate(folder: Path, name: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS settings and the certificate file that makes a client trust them."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate_file, key_file)
    return context, certificate_file
