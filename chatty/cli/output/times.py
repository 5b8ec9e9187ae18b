"""Times for people. The wire's RFC 3339 goes to scripts untouched."""

from datetime import UTC, datetime


def ago(wire: str | None, now: datetime | None = None) -> str:
    """Return how long ago a time of the wire was: ``now``, ``5 min``, ``3 h``, ``2 d``, else the date."""
    if not wire:
        return "-"
    at = datetime.fromisoformat(wire)
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 86400:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} d" if seconds < 30 * 86400 else day(wire)


def day(wire: str) -> str:
    """Return the day of a time of the wire, in the reader's own time zone: ``2026-11-20``."""
    return datetime.fromisoformat(wire).astimezone().date().isoformat()


def minute(wire: str) -> str:
    """Return day and minute in the reader's own time zone: ``2026-11-20 11:04``."""
    return datetime.fromisoformat(wire).astimezone().strftime("%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """Return a length of time: ``12 s``, ``5 min``, ``3 h 20 min``, ``2 d 4 h``."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"
