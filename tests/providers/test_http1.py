from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.providers._http1 import (
    BadResponse,
    BodyDecoder,
    ChunkedBody,
    ResponseHead,
    SizedBody,
    UntilCloseBody,
    decoder_for,
    parse_head,
    request_bytes,
)


def _feed(decoder: BodyDecoder, data: bytes, cuts: list[int]) -> bytes:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return b"".join(decoder.feed(data[start:end]) for start, end in pairwise(edges))


def _chunked(content: bytes, size: int) -> bytes:
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


@given(st.binary(max_size=300), st.integers(1, 40), st.lists(st.integers(0, 600), max_size=20))
def test_a_chunked_body_comes_out_as_it_went_in(content: bytes, size: int, cuts: list[int]) -> None:
    decoder = ChunkedBody(keeps_connection=True)
    assert _feed(decoder, _chunked(content, size), cuts) == content
    assert decoder.is_complete
    assert decoder.keeps_connection
    decoder.end()


def test_extensions_and_trailers_are_skipped() -> None:
    decoder = ChunkedBody(keeps_connection=True)
    assert decoder.feed(b"5;a=b\r\nhello\r\n0\r\nX-Trailer: t\r\n\r\n") == b"hello"
    assert decoder.is_complete


def test_bytes_after_the_end_spoil_the_connection() -> None:
    decoder = ChunkedBody(keeps_connection=True)
    decoder.feed(b"0\r\n\r\nHTTP/1.1 200 OK")
    assert not decoder.keeps_connection
    sized = SizedBody(2, keeps_connection=True)
    assert sized.feed(b"abc") == b"ab"
    assert not sized.keeps_connection


@pytest.mark.parametrize(
    "data",
    [
        b"zz\r\n",
        b"-1\r\n",
        b"+5\r\n",
        b"0x5\r\n",
        b"1_0\r\n",
        b"\r\n",
        b"5\r\nhelloXX",
        b"f" * 2000,
        b"5" * 20 + b"\r\n",
    ],
)
def test_chunks_that_cannot_be_read_are_refused(data: bytes) -> None:
    with pytest.raises(BadResponse):
        ChunkedBody(keeps_connection=True).feed(data)


def test_endless_trailers_are_refused() -> None:
    decoder = ChunkedBody(keeps_connection=True)
    decoder.feed(b"0\r\n")
    with pytest.raises(BadResponse):
        decoder.feed(b"x" * (1 << 15))


@pytest.mark.parametrize("decoder", [ChunkedBody(True), SizedBody(3, True)])
def test_a_close_before_the_end_is_told(decoder: BodyDecoder) -> None:
    with pytest.raises(BadResponse):
        decoder.end()


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    decoder = UntilCloseBody()
    assert decoder.feed(b"abc") == b"abc"
    decoder.end()
    assert decoder.is_complete
    assert not decoder.keeps_connection


def test_a_head_is_read() -> None:
    head = parse_head(b"HTTP/1.1 429 Too Many\r\nRetry-After: 7 \r\nX-Empty:\r\nretry-after: 9\r\n\r\n")
    assert head == ResponseHead(429, ((b"Retry-After", b"7"), (b"X-Empty", b""), (b"retry-after", b"9")))
    assert head.get(b"retry-after") == b"7"
    assert head.get(b"absent") is None


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nName : v\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: nul\0\r\n\r\n",
    ],
)
def test_heads_that_cannot_be_read_are_refused(data: bytes) -> None:
    with pytest.raises(BadResponse):
        parse_head(data)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (((b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"5")), ChunkedBody),
        (((b"content-length", b"5"),), SizedBody),
        ((), UntilCloseBody),
    ],
)
def test_the_head_says_how_the_body_ends(
    headers: tuple[tuple[bytes, bytes], ...], kind: type[object]
) -> None:
    assert type(decoder_for(ResponseHead(200, headers))) is kind


@pytest.mark.parametrize("value", [b"-5", b"5, 5", b"", b"1e3", b"9" * 16])
def test_lengths_that_are_not_numbers_are_refused(value: bytes) -> None:
    with pytest.raises(BadResponse):
        decoder_for(ResponseHead(200, ((b"Content-Length", value),)))


def test_other_transfer_codings_are_refused() -> None:
    with pytest.raises(BadResponse):
        decoder_for(ResponseHead(200, ((b"Transfer-Encoding", b"gzip, chunked"),)))


def test_a_request_is_written() -> None:
    assert (
        request_bytes(b"POST", b"/x", [(b"Host", b"h")], b"body")
        == b"POST /x HTTP/1.1\r\nHost: h\r\n\r\nbody"
    )
