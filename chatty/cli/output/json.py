"""JSON for scripts: one object on one line, safe to look at on a terminal.

C0 comes escaped from the standard library; DEL, C1, bidirectional controls and lone surrogates are
escaped here, so reading back gives the same value. Shapes belong to the commands.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chatty.cli.output.streams import write_out
from chatty.rendering.sanitizer import json_escape


def to_line(value: Mapping[str, Any]) -> str:
    """Return the object as one line of JSON, with its newline."""
    return json_escape(json.dumps(value, ensure_ascii=False, separators=(", ", ": "))) + "\n"


def print_json(value: Mapping[str, Any]) -> None:
    """Print one object."""
    write_out(to_line(value))


def print_items(items: Sequence[Mapping[str, Any]], next_cursor: str | None = None) -> None:
    """Print a list in the one shape all lists have: ``{"items": [...], "next": CURSOR|null}``."""
    print_json({"items": list(items), "next": next_cursor})
