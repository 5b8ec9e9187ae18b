"""Which majors of the protocol we speak, and how two sides settle on one.

A major is named twice: in the WebSocket subprotocol and in ``initialize``. Within a major, growth
is by capabilities only. Standard library only.
"""

from typing import Final

PROTOCOL_VERSIONS: Final = (1,)
"""Every major this build speaks, oldest first."""

SUBPROTOCOLS: Final = tuple(f"chatty.v{version}.json" for version in PROTOCOL_VERSIONS)
"""The same as WebSocket subprotocol names (RFC 6455 section 1.9), oldest first."""


def agree(minimum: int, maximum: int) -> int | None:
    """Return the newest major both sides speak, or ``None`` when there is none.

    Args:
        minimum: the oldest major the other side speaks.
        maximum: the newest major the other side speaks.
    """
    common = [version for version in PROTOCOL_VERSIONS if minimum <= version <= maximum]
    return common[-1] if common else None
