"""The limits a server announces in ``initialize`` and holds to. Standard library only."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one connection may send or ask for. Every name says its unit."""

    max_frame_bytes: int = 1 << 20
    """Largest inbound WebSocket frame. Larger requests travel over ``/rpc``."""
    max_rpc_bytes: int = 17 << 20
    """Largest body of a ``/rpc`` request."""
    max_text_bytes: int = 16 << 20
    """Largest text of one message, in UTF-8."""
    max_parts: int = 64
    """Parts in one message."""
    max_json_depth: int = 32
    """Nesting of one frame."""
    max_requests_in_flight: int = 32
    """Unanswered requests on one connection."""
    max_subscriptions: int = 64
    """Conversations one connection may watch."""
    max_connections: int = 4096
    """Open connections of one credential."""
    max_page_rows: int = 200
    """Rows in one page of a list."""
    outbound_frame_bytes: int = 256 << 10
    """What the server aims not to exceed in one outbound frame; larger things are paged."""

    def to_wire(self) -> dict[str, int]:
        """Return the limits by name, as ``initialize`` announces them."""
        return asdict(self)


DEFAULT_LIMITS = Limits()
