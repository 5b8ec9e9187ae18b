"""One POST and its lines, over a pair of sockets."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chatty.client.deadline import Deadline
from chatty.client.http_lines import LineExchange
from chatty.protocol.errors import ProtocolError

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Struck(BaseException):
    """What a signal handler raises."""


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_signal_that_strikes_while_waiting_loses_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    """Every other wait is struck as late as can be: when something has arrived already."""
    ours, theirs = pair
    exchange = LineExchange(ours, "/rpc", b"{}\n", Deadline(10))
    pieces = [HEAD, b"8\r\nhalf a l\r\n", b"8\r\nine\nnext\r\n", b"1\r\n\n\r\n0\r\n\r\n"]
    is_second = False
    strikes = 0

    @contextmanager
    def waiting() -> Iterator[None]:
        nonlocal is_second
        if not is_second:
            theirs.sendall(pieces.pop(0))
        yield
        is_second = not is_second
        if is_second:
            raise Struck

    def read() -> bytes | None:
        nonlocal strikes
        while True:
            try:
                return exchange.next_line()
            except Struck:
                strikes += 1

    exchange.waiting = waiting
    assert [read(), read(), read()] == [b"half a line", b"next", None]
    assert strikes == 4


def test_wait_for_an_answer_is_bounded(pair: tuple[socket.socket, socket.socket]) -> None:
    exchange = LineExchange(pair[0], "/rpc", b"{}\n", Deadline(10))
    exchange.deadline = Deadline(0.02)
    with pytest.raises(ProtocolError) as caught:
        exchange.next_line()
    assert caught.value.type == "timeout"
