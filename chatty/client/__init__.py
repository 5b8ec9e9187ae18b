"""Connecting to a server, calling it, and following what happens there.

``async with connect() as client`` is for programs that stay; ``OneShot`` is for commands. Both speak
the same operations, ids and errors. This package knows the protocol and nothing else of ours.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chatty.client.connection import Client, connect
    from chatty.client.oneshot import OneShot
    from chatty.client.subscription import Subscription
    from chatty.client.updates import Delta, Event, LinkChanged, LinkState, OutboxChanged, Snapshot
    from chatty.client.view import ConversationView
    from chatty.protocol.errors import ProtocolError
    from chatty.protocol.ids import new_id

__all__ = [
    "Client",
    "ConversationView",
    "Delta",
    "Event",
    "LinkChanged",
    "LinkState",
    "OneShot",
    "OutboxChanged",
    "ProtocolError",
    "Snapshot",
    "Subscription",
    "connect",
    "new_id",
]

_HOMES = {
    "Client": "chatty.client.connection",
    "ConversationView": "chatty.client.view",
    "Delta": "chatty.client.updates",
    "Event": "chatty.client.updates",
    "LinkChanged": "chatty.client.updates",
    "LinkState": "chatty.client.updates",
    "OneShot": "chatty.client.oneshot",
    "OutboxChanged": "chatty.client.updates",
    "ProtocolError": "chatty.protocol.errors",
    "Snapshot": "chatty.client.updates",
    "Subscription": "chatty.client.subscription",
    "connect": "chatty.client.connection",
    "new_id": "chatty.protocol.ids",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use: a command pays for none that it does not use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
