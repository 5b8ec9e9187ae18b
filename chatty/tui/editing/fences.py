"""Whether the cursor stands inside an open Markdown code fence, where enter is a newline."""

import re

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")


def is_inside_fence(text_before_cursor: str) -> bool:
    """True when a fence was opened and not closed before the cursor (CommonMark 0.31, section 4.5)."""
    opened: str | None = None
    for line in text_before_cursor.split("\n"):
        match = _FENCE.match(line)
        if match is None:
            continue
        marks, rest = match.groups()
        if opened is None:
            is_info_allowed = marks[0] == "~" or "`" not in rest
            opened = marks if is_info_allowed else None
        elif marks[0] == opened[0] and len(marks) >= len(opened) and not rest.strip():
            opened = None
    return opened is not None
