"""What a model costs, in words for people. Prices are list prices in USD per million tokens."""

from collections.abc import Mapping
from typing import Any, Literal

UNIT = "USD per million tokens"


def price(model: Mapping[str, Any], side: Literal["input", "output"]) -> str | None:
    """Return the number that goes with ``UNIT``; ``None`` when the price is not known."""
    usd = model.get(f"{side}_usd_per_million")
    return None if usd is None else f"{usd:g}"
