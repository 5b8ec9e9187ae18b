"""Judges what was written to a terminal, by a list of its own of what chatty and Textual ever write."""

import re

_HARMLESS = re.compile(
    r"\x1b\[(?:[0-9;:]*m|[0-9]*[ABCDG]|(?:[0-9]+;[0-9]+)?H|[0-2]?[KJ])"  # colours, cursor moves, erasing
    r"|\x1b\[\?(?:7|25|1000|1003|1004|1006|1007|1015|1016|1049|2004|2026|2048)[hl]"  # modes
    r"|\x1b\[\?(?:2026|2048)\$p|\x1b\[6n|\x1b\]11;\?\x1b\\"  # questions
    r"|\x1b\[>[0-9]+u|\x1b\[<[0-9]*u"  # the kitty keyboard
    r"|\x1b\]22;[a-z-]+(?:\x07|\x1b\\)|\x07"  # pointer shapes, the bell
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def first_violation(data: str) -> str | None:
    """Return, of what was written to a terminal, the first thing that only foreign text can have put
    there; ``None`` if there is none. It admits modes between text, which the guard does not."""
    found = _CONTROL.search(_HARMLESS.sub("", data))
    return found.string[found.start() : found.start() + 20] if found else None
