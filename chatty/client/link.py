"""The narrow seam under the asynchronous client: frames go out, frames come in, it ends once.

Whatever carries the frames, a WebSocket or a pair of queues in a test, looks like this. Nobody above
sees the library that does it.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol


class LinkClosed(Exception):
    """The link has ended.

    Attributes:
        code: the WebSocket close code, ``None`` when it broke without one.
        reason: what the other side said, if anything.
    """

    def __init__(self, code: int | None = None, reason: str = "") -> None:
        super().__init__(f"link closed: {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class Link(Protocol):
    """An open way to a server."""

    async def send(self, frame: bytes) -> None:
        """Send one frame, UTF-8 encoded. Raises ``LinkClosed``."""
        ...

    async def receive(self) -> bytes:
        """Return the next frame. Raises ``LinkClosed``; cancelling loses nothing."""
        ...

    async def close(self) -> None:
        """Close; doing so twice is fine."""
        ...


Dial = Callable[[], Awaitable[Link]]
"""Open a link. Raises ``ProtocolError``: a ``connection/…`` type, or ``protocol_unsupported``."""
