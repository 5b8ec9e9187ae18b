"""How the client says that the link itself failed. Requests that were refused keep the server's words.

Every error of this package is a ``ProtocolError``; the types made here are:

    connection/refused       nobody listens, and nobody was to be started
    connection/start_failed  the local server was started and did not come up
    connection/stuck         somebody holds the data directory but does not answer
    connection/peer          the socket belongs to another user, or its directory can be entered by one
    connection/lost          the link broke while an answer was owed: whether it was done is unknown
    connection/closed        this client was closed
    connection/protocol      the other side does not speak our protocol
    protocol_unsupported     it speaks another major of it
    timeout                  the time the caller allowed has passed

Standard library only. The error class is imported when the first error is made: a warm request that
succeeds does without it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chatty.protocol.errors import ProtocolError


def link_error(error_type: str, message: str, **details: object) -> ProtocolError:
    """Return an error of the given type, ready to be raised.

    Args:
        error_type: one of the types listed above, or a ``storage/…`` type from a failed start.
        message: what happened, what is safe, what to do next, in one sentence.
        details: further facts; never secrets.
    """
    from chatty.protocol.errors import ProtocolError

    return ProtocolError(error_type, message, details=details)


def timed_out(what: str) -> ProtocolError:
    """Return the error for time that ran out; ``what`` completes "no answer while …"."""
    return link_error("timeout", f"The time allowed has passed while {what}.")


def said_nothing(seconds: float) -> ProtocolError:
    """Return the error for a server that took the connection in and was silent for so long."""
    return link_error(
        "connection/stuck",
        f"The server accepted the connection and said nothing for {seconds:g} s. "
        "If that goes on, end it with `chatty server stop --force`; what it accepted is kept.",
    )


def error_from_wire(error: object) -> ProtocolError:
    """Read the ``error`` member of a response."""
    from chatty.protocol.errors import ProtocolError

    if not isinstance(error, dict):
        return ProtocolError("connection/protocol", "The server sent an error that cannot be read.")
    return ProtocolError.from_wire(error)
