"""Connecting to a server, calling it, and following what happens there.

``Client`` is for programs that stay, ``chatty.client.oneshot`` for commands. Both speak the same
operations, ids and errors. Knows the protocol and nothing else of ours.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chatty.client.oneshot import OneShot
    from chatty.protocol.errors import ProtocolError

__all__ = ["OneShot", "ProtocolError"]

_HOMES = {
    "OneShot": "chatty.client.oneshot",
    "ProtocolError": "chatty.protocol.errors",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use: a command pays for none that it does not use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # already loaded by the interpreter itself

    return getattr(import_module(_HOMES[name]), name)
