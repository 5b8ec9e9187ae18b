"""How long to wait before the next try. Pure: randomness comes in as an argument."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full jitter: a random share of a window that doubles, so that a crowd spreads out.

    The first try comes soon; many clients cut off at once differ from there on.
    """

    first_seconds: float = 0.25
    cap_seconds: float = 30.0
    healthy_seconds: float = 60.0
    """A link that lived this long makes the next loss count as the first again."""

    def delay_seconds(self, attempt: int, random: Callable[[], float]) -> float:
        """Return the wait before a try.

        Args:
            attempt: how many tries have failed since the link was last healthy.
            random: returns a number in ``[0, 1)``.
        """
        window = min(self.cap_seconds, self.first_seconds * 2.0 ** min(attempt, 30))
        return random() * window


LOCAL = Backoff(cap_seconds=0.75)
"""For a unix socket: trying costs next to nothing, and the server is back within a second."""

AFTER_FAILED_START = Backoff(first_seconds=4.0)
"""For a server that could not be started: each try starts a process."""
