"""A guard against tests that leave the machine: only loopback addresses and unix sockets can be reached.

It sits in `socket`, below asyncio and every HTTP library; event loops that bypass Python's sockets (uvloop)
are not covered, and neither are child processes.
"""

import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock


class NetworkForbidden(AssertionError):
    """A test tried to reach something that is not this machine."""


@contextlib.contextmanager
def loopback_only() -> Iterator[None]:
    """Refuse connections and name look-ups beyond the loopback while the context lasts."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    look_up = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _require_loopback(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _require_loopback(self.family, address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        _require_loopback_host(host)
        return look_up(host, *rest, **named)

    with (
        mock.patch.object(socket.socket, "connect", guarded_connect),
        mock.patch.object(socket.socket, "connect_ex", guarded_connect_ex),
        mock.patch.object(socket, "getaddrinfo", guarded_look_up),
    ):
        yield


def _require_loopback(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6):
        _require_loopback_host(address[0])


def _require_loopback_host(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return
    try:
        is_loopback = ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback and name not in ("0.0.0.0", "::"):
        raise NetworkForbidden(f"tests may not reach {name!r}")
