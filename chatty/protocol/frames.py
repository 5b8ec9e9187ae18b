"""JSON-RPC 2.0 objects as plain dictionaries: the words both sides write into a frame.

One object per WebSocket text frame, or per line of a ``/rpc`` body; no batches. This module names
things and shapes them; it neither parses nor validates parameters. Standard library only.
"""

from typing import Any, Final

JSONRPC: Final = "2.0"

EVENT: Final = "event"
"""Durable change: ``{conversation_id, seq, type, at, actor, data}``."""
DELTA: Final = "delta"
"""Text in flight: ``{c, m, p, o, d, g?, t?}``: conversation, message, part index, offset in code
points, text, generation (absent = 0), and the part's type on its first delta (absent = text)."""
SIGNAL: Final = "signal"
"""Ephemeral news: ``{topic, type, data, ttl_ms?}``; may be dropped or merged."""
NOTICE: Final = "notice"
"""Word about the connection: ``{type, …}``."""
CANCEL_REQUEST: Final = "$/cancel"
"""Client notification ``{id}``: give up on a request of this connection; it is still answered."""

NOTIFICATIONS: Final = (EVENT, DELTA, SIGNAL, NOTICE)

Frame = dict[str, Any]
RequestId = int | str


class CloseCode:
    """WebSocket close codes the server uses (4000 to 4999 are ours: RFC 6455 section 7.4.2)."""

    GOING_AWAY: Final = 1001
    """The server stops; come back at once."""
    TOO_BIG: Final = 1009
    """A frame was larger than the limit; such a request goes over `/rpc`."""
    INTERNAL: Final = 1011
    """The server has a fault; come back after a while."""
    RESTART: Final = 1012
    """The server restarts or drained; come back at once."""
    TRY_LATER: Final = 1013
    """Too slow or overloaded; come back after a while."""
    PROTOCOL: Final = 4400
    """The peer broke the protocol. Do not come back."""
    UNAUTHENTICATED: Final = 4401
    FORBIDDEN: Final = 4403
    """Origin or peer not allowed. Do not come back."""
    VERSION: Final = 4406
    """No major in common. Do not come back."""
    INITIALIZE_TIMEOUT: Final = 4408
    TOO_MANY_CONNECTIONS: Final = 4429


FATAL_CLOSE_CODES: Final = frozenset({CloseCode.PROTOCOL, CloseCode.FORBIDDEN, CloseCode.VERSION})
"""After these a client must not reconnect."""


def request(request_id: RequestId, method: str, params: dict[str, Any]) -> Frame:
    """Return a request that expects an answer under the same id."""
    return {"jsonrpc": JSONRPC, "id": request_id, "method": method, "params": params}


def result(request_id: RequestId, value: Any) -> Frame:
    """Return the answer to a request that succeeded."""
    return {"jsonrpc": JSONRPC, "id": request_id, "result": value}


def error(request_id: RequestId | None, value: dict[str, Any]) -> Frame:
    """Return the answer to a request that failed; the id is ``None`` when it could not be read."""
    return {"jsonrpc": JSONRPC, "id": request_id, "error": value}


def notification(method: str, params: dict[str, Any]) -> Frame:
    """Return a notification: it expects no answer."""
    return {"jsonrpc": JSONRPC, "method": method, "params": params}
