"""Which server is meant, and how a connected socket to it is opened. Standard library only.

A target is anything with the two members of ``Target``. Those here are unix sockets whose owner the
kernel vouches for, so provider keys may be sent through both.
"""

from __future__ import annotations

import os

from chatty.client.deadline import Deadline
from chatty.client.errors import link_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from typing import Protocol

    from chatty.client.locations import Locations

    class Target(Protocol):
        """A server that can be reached by a connected stream socket."""

        @property
        def name(self) -> str:
            """A short name that stays the same: unsent messages are kept under it."""
            ...

        def open(self, deadline: Deadline) -> socket.socket:
            """Return a connected socket whose peer was checked; the caller closes it. Blocks.

            Raises:
                ProtocolError: ``connection/…``, ``storage/…`` or ``timeout``.
            """
            ...


class LocalTarget:
    """The local server of this user: found, or started when it does not run.

    Args:
        environ: what the started server may inherit a part of; never its keys.
        start: whether to start it.
    """

    name = "local"

    def __init__(self, locations: Locations, environ: Mapping[str, str], *, start: bool = True) -> None:
        self.locations = locations
        self._environ = environ
        self._start = start

    def open(self, deadline: Deadline) -> socket.socket:
        """Connect, starting the server first where that is wanted and needed."""
        from chatty.client import local

        if self._start:
            return local.find_or_start(self.locations, self._environ, deadline)
        return local.find_running(self.locations, self._environ, deadline)


class SocketTarget:
    """A server that listens on a given unix socket and is never started from here."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)

    @property
    def name(self) -> str:
        """Derived from the path."""
        from hashlib import sha256

        return "socket-" + sha256(os.fsencode(self.path)).hexdigest()[:16]

    def open(self, deadline: Deadline) -> socket.socket:
        """Connect, or say that nobody listens."""
        from chatty.client import local

        return local.connect_to(self.path, deadline)


def target_from_environment(
    environ: Mapping[str, str], server: str | None = None, *, start: bool = True
) -> LocalTarget | SocketTarget:
    """Return the server that an option or ``CHATTY_SERVER`` names.

    Args:
        server: ``local``, ``unix:PATH`` or an absolute path; ``None``: what the environment says,
            else ``local``.

    Raises:
        ProtocolError: ``invalid_params/server``, for a name that means nothing here.
    """
    chosen = server or environ.get("CHATTY_SERVER") or "local"
    if chosen == "local":
        from chatty.client.locations import Locations

        return LocalTarget(Locations.from_environment(environ), environ, start=start)
    path = chosen.removeprefix("unix:")
    if os.path.isabs(path):
        return SocketTarget(path)
    raise link_error(
        "invalid_params/server",
        f"No server is known as {chosen!r}: use `local`, or `unix:` and the path of a socket.",
    )
