"""How long an answer took: to its first text, and to its end."""

from collections.abc import Mapping
from time import monotonic
from typing import Any


class Stopwatch:
    """Runs from the moment it is made."""

    def __init__(self) -> None:
        self._began = monotonic()
        self._first_text_at: float | None = None

    def note_text(self) -> None:
        """Text has come; only the first time counts."""
        if self._first_text_at is None:
            self._first_text_at = monotonic()

    def to_json(self) -> dict[str, float | None]:
        """Return ``{first_token_ms, total_ms}`` up to now."""
        first = None if self._first_text_at is None else self._milliseconds(self._first_text_at)
        return {"first_token_ms": first, "total_ms": self._milliseconds(monotonic())}

    def line(self, usage: Mapping[str, Any] | None) -> str:
        """Return the same in words, with the tokens that were used."""
        times = self.to_json()
        first = times["first_token_ms"]
        began = "no text" if first is None else f"first text after {first:.0f} ms"
        tokens = f", {usage['input_tokens']} tokens in, {usage['output_tokens']} out" if usage else ""
        return f"{began}, all after {times['total_ms']:.0f} ms{tokens}"

    def _milliseconds(self, at: float) -> float:
        return round((at - self._began) * 1000, 1)
