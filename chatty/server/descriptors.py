"""Open files: as many as the system lets this process have, shared out so that links never use the last ones.

A connection costs one, an answer under way another, and the database must always be able to open its files.
Nothing here opens or closes anything.
"""

import resource
from typing import Final

WANTED: Final = 16_384
"""Enough for every connection that is allowed at most, and an answer for each."""
OWN: Final = 32
"""For the database, the log, the lock, the event loop, and what is opened for a moment."""


def raise_limit() -> int:
    """Let this process open as many files as it may, up to what it wants; return how many that are.

    Shells start programs with a soft limit of 1024, on macOS 256, for the sake of old programs that use
    select(2): the hard limit is the one that is meant.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return WANTED if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS refuses more than its own bound, whatever the hard limit says
        return soft
    return wanted


def connections_that_fit(files: int, at_most: int) -> int:
    """Return how many connections may be open so that answers and the database keep a part of the files."""
    return max(1, min(at_most, (files - OWN) * 3 // 4))
