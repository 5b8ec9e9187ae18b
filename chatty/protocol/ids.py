"""Identifiers: UUIDv7, lower case, made by whoever creates the thing.

The time inside is a hint for index locality only. Nothing may order, expire or authorise by it:
laptops have wrong clocks and outboxes are old.
"""

import os
import threading
import time


class IdMaker:
    """Makes UUIDv7 (RFC 9562 section 5.7) that increase strictly; any thread may ask.

    The 12 bits after the millisecond and the clock itself form one counter (RFC 9562 section 6.2,
    method 3), so two ids made in one millisecond still sort in the order they were made.
    """

    __slots__ = ("_last", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> str:
        """Return a fresh id, greater than every one before it, also when the clock was set back."""
        with self._lock:
            milliseconds, rest = divmod(time.time_ns(), 1_000_000)
            stamp = max((milliseconds << 12) | (rest * 4096 // 1_000_000), self._last + 1)
            self._last = stamp
        tail = int.from_bytes(os.urandom(8), "big")
        value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0x2 << 62 | (tail & (1 << 62) - 1)
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


new_id = IdMaker()
"""Returns a fresh id; strictly increasing within this process."""


def is_id(text: str) -> bool:
    """Tell whether the text is a canonical lower-case UUIDv7: its shape, version and variant only."""
    return (
        len(text) == 36
        and text[8] == text[13] == text[18] == text[23] == "-"
        and text[14] == "7"
        and text[19] in "89ab"
        and all(character in "0123456789abcdef" for character in text.replace("-", ""))
    )
