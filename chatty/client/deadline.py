"""A moment after which waiting is over. Standard library only."""

from __future__ import annotations

from time import monotonic

from chatty.client.errors import timed_out


class Deadline:
    """Counts down on the monotonic clock; without a bound it never ends.

    Args:
        seconds: how long from now; ``None``: for ever.
    """

    __slots__ = ("_end",)

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else monotonic() + seconds

    def remaining(self, what: str) -> float | None:
        """Return the seconds left, ``None`` without a bound.

        Raises:
            ProtocolError: ``timeout``, when none are left; ``what`` says what was being done.
        """
        if self._end is None:
            return None
        left = self._end - monotonic()
        if left <= 0:
            raise timed_out(what)
        return left

    @property
    def has_passed(self) -> bool:
        """Whether no time is left."""
        return self._end is not None and monotonic() >= self._end

    def sooner(self, seconds: float) -> Deadline:
        """Return the earlier of this moment and the one in ``seconds``."""
        other = Deadline(seconds)
        if self._end is not None and other._end is not None:
            other._end = min(self._end, other._end)
        return other
