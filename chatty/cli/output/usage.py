"""What an answer used, with every field: the wire leaves out what is null, scripts find all of them."""

from collections.abc import Mapping
from typing import Any

_NOTHING: dict[str, Any] = {
    "input_tokens": 0,
    "cached_input_tokens": 0,
    "output_tokens": 0,
    "reasoning_tokens": 0,
    "cost_usd": None,
    "estimated": False,
}


def whole_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the usage with all its fields; ``None`` stays what it is: nothing is known."""
    return {**_NOTHING, **usage} if usage else None
