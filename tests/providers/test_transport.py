"""Proxies, certificates and kept connections, through a whole adapter."""

import asyncio
import base64
from pathlib import Path

import pytest

from chatty.providers._dialing import DialError, Origin, Proxy, proxy_for
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.upstream_scripts import counted_text
from tests.providers.asking import KEY, VENDORS, FakeSleep, ask, endpoint_at, new_provider, request_for
from tests.providers.fake_proxy import FakeProxy, make_certificate


def _address(upstream: FakeUpstream) -> tuple[str, int]:
    host, port = upstream.url.split("//")[1].removesuffix("/v1").split(":")
    return host, int(port)


@pytest.mark.parametrize("kind", sorted(VENDORS))
async def test_plain_requests_go_through_the_proxy(kind: str) -> None:
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream() as upstream, FakeProxy(_address(upstream)) as proxy:
        endpoint = endpoint_at(
            "http://vendor.invalid/v1", kind, HTTP_PROXY=f"http://me:p%40ss@{proxy.address}"
        )
        reply = await ask(provider, endpoint, request_for("tok3"))
        await provider.aclose()
    assert reply.text == counted_text(3)
    (head,) = proxy.heads
    assert head.startswith("POST http://vendor.invalid/v1/")
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'me:p@ss').decode()}\r\n" in head


async def test_encrypted_requests_are_tunnelled_and_the_proxy_sees_nothing(tmp_path: Path) -> None:
    tls, certificate = make_certificate(tmp_path, "vendor.invalid")
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream(tls=tls) as upstream, FakeProxy(_address(upstream)) as proxy:
        endpoint = endpoint_at(
            "https://vendor.invalid/v1", https_proxy=f"http://{proxy.address}", SSL_CERT_FILE=str(certificate)
        )
        replies = [await ask(provider, endpoint, request_for("tok3")) for _ in range(2)]
        await provider.aclose()
    assert [reply.text for reply in replies] == [counted_text(3)] * 2
    (head,) = proxy.heads
    assert head.startswith("CONNECT vendor.invalid:443 ")
    assert KEY not in head


async def test_a_proxy_that_refuses_is_named() -> None:
    provider = new_provider(VENDORS["openai"])
    async with FakeProxy(("127.0.0.1", 9), status=407) as proxy:
        endpoint = endpoint_at("https://vendor.invalid/v1", ALL_PROXY=f"http://{proxy.address}")
        reply = await ask(provider, endpoint, request_for("m"))
        await provider.aclose()
    assert reply.ending == "provider/unreachable"
    assert "407" in str(reply.error)


async def test_a_proxy_that_is_not_there_is_named_without_its_password() -> None:
    provider = new_provider(VENDORS["openai"])
    endpoint = endpoint_at("https://vendor.invalid/v1", HTTPS_PROXY="http://me:canary@127.0.0.1:9")
    reply = await ask(provider, endpoint, request_for("m"))
    await provider.aclose()
    assert reply.error is not None
    assert reply.error.type == "provider/unreachable"
    assert "through the proxy 127.0.0.1:9" in reply.error.message
    assert "canary" not in reply.error.message


async def test_a_certificate_of_the_callers_own_authority_is_trusted(tmp_path: Path) -> None:
    tls, certificate = make_certificate(tmp_path)
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream(tls=tls) as upstream:
        reply = await ask(
            provider, endpoint_at(upstream.url, SSL_CERT_FILE=str(certificate)), request_for("tok3")
        )
        await provider.aclose()
    assert reply.text == counted_text(3)


async def test_other_certificates_are_refused_once_and_for_good(tmp_path: Path) -> None:
    tls, _ = make_certificate(tmp_path)
    sleep = FakeSleep()
    provider = new_provider(VENDORS["openai"], sleep)
    async with FakeUpstream(tls=tls) as upstream:
        reply = await ask(provider, endpoint_at(upstream.url), request_for("tok3"))
        assert upstream.requests == []
        await provider.aclose()
    assert reply.error is not None
    assert (reply.error.type, reply.error.retryable, sleep.pauses) == ("provider/unreachable", False, [])
    assert "SSL_CERT_FILE can name" in reply.error.message


async def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    provider = new_provider(VENDORS["openai"])
    endpoint = endpoint_at("https://127.0.0.1:9/v1", SSL_CERT_FILE=str(tmp_path / "absent.pem"))
    reply = await ask(provider, endpoint, request_for("m"))
    assert reply.ending == "provider/unreachable"
    assert "SSL_CERT_FILE" in str(reply.error)


async def test_callers_with_other_settings_do_not_share_connections() -> None:
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream() as upstream:
        for no_proxy in ("a", "b"):
            await ask(provider, endpoint_at(upstream.url, NO_PROXY=no_proxy), request_for("tok1"))
        assert upstream.connections == 2
        await provider.aclose()


async def test_callers_with_other_keys_share_connections_and_nothing_else() -> None:
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream() as upstream:
        for key in ("key-one", "key-two"):
            await ask(provider, endpoint_at(upstream.url, key=key), request_for("tok1"))
        assert upstream.connections == 1
        await provider.aclose()
    assert [request.headers["authorization"] for request in upstream.requests] == [
        "Bearer key-one",
        "Bearer key-two",
    ]


async def test_many_streams_at_once_use_one_connection_each_and_give_them_back() -> None:
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream() as upstream:
        asked = [ask(provider, endpoint_at(upstream.url), request_for("tok10-delay5")) for _ in range(40)]
        replies = await asyncio.gather(*asked)
        assert {reply.text for reply in replies} == {counted_text(10)}
        assert upstream.connections == upstream.open_connections == 40
        await provider.aclose()
        await upstream.wait_for_no_connections()


HTTPS = Origin("https", "api.example.com", 443)
HTTP = Origin("http", "10.0.0.7", 8080)


@pytest.mark.parametrize(
    ("origin", "network", "proxy"),
    [
        (HTTPS, {}, None),
        (HTTPS, {"HTTP_PROXY": "http://p:1"}, None),
        (HTTPS, {"HTTPS_PROXY": "http://p:1"}, Proxy("http", "p", 1, None)),
        (HTTPS, {"https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:1"}, Proxy("http", "low", 1, None)),
        (HTTPS, {"ALL_PROXY": "p"}, Proxy("http", "p", 80, None)),
        (HTTPS, {"ALL_PROXY": "https://p"}, Proxy("https", "p", 443, None)),
        (HTTPS, {"ALL_PROXY": "http://u:s@p:3"}, Proxy("http", "p", 3, b"Basic dTpz")),
        (HTTPS, {"ALL_PROXY": "p", "NO_PROXY": "example.com"}, None),
        (HTTPS, {"ALL_PROXY": "p", "NO_PROXY": "x, .example.com"}, None),
        (HTTPS, {"ALL_PROXY": "p", "NO_PROXY": "*.example.com"}, None),
        (HTTPS, {"ALL_PROXY": "p", "NO_PROXY": "API.example.com:443"}, None),
        (HTTPS, {"ALL_PROXY": "p", "NO_PROXY": "*"}, None),
        (HTTPS, {"ALL_PROXY": "p", "NO_PROXY": "ample.com,api.example.com:80"}, Proxy("http", "p", 80, None)),
        (HTTP, {"HTTP_PROXY": "p", "no_proxy": "10.0.0.7:8080"}, None),
        (HTTP, {"HTTP_PROXY": "p", "no_proxy": "10.0.0.70"}, Proxy("http", "p", 80, None)),
    ],
)
def test_the_variables_choose_the_proxy(origin: Origin, network: dict[str, str], proxy: Proxy | None) -> None:
    assert proxy_for(origin, network) == proxy


@pytest.mark.parametrize("url", ["socks5://p:1080", "http://", "http://p:notaport", "ftp://p"])
def test_proxies_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(DialError) as refused:
        proxy_for(HTTPS, {"ALL_PROXY": url})
    assert refused.value.is_permanent
