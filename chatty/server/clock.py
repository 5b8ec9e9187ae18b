"""The one clock: wall time for records, a monotonic one for durations."""

import time
from datetime import UTC, datetime
from typing import Final

from chatty.protocol.errors import ProtocolError

_FIRST_MS: Final = -30_610_224_000_000
"""The year 1000, the first that is written with four digits everywhere."""
_LAST_MS: Final = 253_402_300_799_999
"""The end of 9999."""


def now_ms() -> int:
    """Return the wall clock in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def timestamp(at_ms: int) -> str:
    """Return milliseconds since 1970 UTC as RFC 3339 with milliseconds and `Z`.

    What RFC 3339 cannot say, a time of a damaged row or of a broken clock, becomes the nearest that it can.
    """
    at_ms = min(max(at_ms, _FIRST_MS), _LAST_MS)
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03d}Z"


def optional_timestamp(at_ms: int | None) -> str | None:
    """Return the time as RFC 3339, or `None` where there is none."""
    return None if at_ms is None else timestamp(at_ms)


def milliseconds(text: str) -> int:
    """Read an RFC 3339 time; one without an offset counts as UTC.

    Raises:
        ProtocolError: `invalid_params`: not a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ProtocolError(
            "invalid_params", f"{text[:40]!r} is not a time like 2026-11-20T10:00:00Z"
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
