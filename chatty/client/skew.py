"""What two builds of different age do about each other. Pure decisions; standard library only."""

from __future__ import annotations

from chatty.client.errors import link_error
from chatty.protocol.build import build_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatty.protocol.errors import ProtocolError

PROTOCOL_MIN = 1
PROTOCOL_MAX = 1
"""The majors this client speaks: ``chatty.protocol.versions`` without the cost of importing it."""


def should_replace(server: Mapping[str, object], capabilities: Mapping[str, object]) -> bool:
    """Tell whether an idle server ought to give way to this newer installation.

    Args:
        server: ``server`` of the result of ``initialize``.
        capabilities: ``capabilities`` of the same; only a ``local`` server is ever replaced.
    """
    theirs = server.get("build")
    return bool(capabilities.get("local")) and isinstance(theirs, str) and is_newer(build_id(), theirs)


def is_newer(ours: str, theirs: str) -> bool:
    """Compare two build ids: by version, then by the time of installation.

    An older client never replaces a newer server, or two installations would do so in turns for ever.
    An id that cannot be read counts as older than any that can.
    """
    return _age(ours) > _age(theirs)


def which_side_to_update(supported: object) -> str:
    """Return the advice for two sides without a common major.

    Args:
        supported: the majors the server named, if it named any.
    """
    majors = [major for major in supported if isinstance(major, int)] if isinstance(supported, list) else []
    if majors and max(majors) < PROTOCOL_MIN:
        return (
            "The server is older than this program and they share no protocol version: update the server, "
            "or end it with `chatty server stop --force`; what it accepted is kept."
        )
    return "This program is older than the server and they share no protocol version: update chatty here."


def introduction_refused(error: ProtocolError) -> ProtocolError:
    """Return the server's refusal to talk, in words that say which side to update where that is why."""
    if error.type != "protocol_unsupported":
        return error
    advice = which_side_to_update(error.details.get("supported"))
    return link_error("protocol_unsupported", advice, **error.details)


def _age(build: str) -> tuple[tuple[int, ...], int]:
    version, _, installed = build.partition("+")
    try:
        return _release(version), int(installed, 16)
    except ValueError:
        return (), 0


def _release(version: str) -> tuple[int, ...]:
    """Numbers of a version in order; what follows the first piece that is no number is left out."""
    numbers: list[int] = []
    for piece in version.split("."):
        if not piece.isdigit():
            break
        numbers.append(int(piece))
    return tuple(numbers)
