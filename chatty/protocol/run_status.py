"""Where a run can stand: one list for the wire, the store and the screen.

Standard library only: the full-screen client draws its first frame without the wire models.
"""

from typing import Final, Literal

RunStatus = Literal[
    "queued", "running", "waiting", "cancelling", "completed", "cancelled", "failed", "interrupted"
]

ACTIVE_RUN_STATUSES: Final[frozenset[str]] = frozenset({"queued", "running", "waiting", "cancelling"})
"""The run has not ended; the others are how it ended."""
