"""One reply, added up from the frames of its run. Plain state: it neither reads nor prints.

Offsets say where every piece belongs, so a repeated piece changes nothing and a missing one shows.
"""

from typing import Any

SHOWN_TYPE = "text"
"""Parts of this type are the answer; reasoning and the like are kept but not printed as text."""


class Part:
    """One piece of the reply: its type, its text so far, and the generation that belongs to."""

    __slots__ = ("generation", "length", "pieces", "type")

    def __init__(self, part_type: str) -> None:
        self.type = part_type
        self.generation = 0
        self.length = 0
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self.pieces)

    def append(self, offset: int, text: str) -> str:
        """Take a piece and return what of it is new; a piece beyond a gap is left out."""
        if offset > self.length:
            return ""
        fresh = text[self.length - offset :]
        self.pieces.append(fresh)
        self.length += len(fresh)
        return fresh

    def reset(self, generation: int, length: int) -> None:
        """Throw away everything behind ``length``: the provider starts over from there."""
        self.pieces = [self.text[:length]]
        self.length = length
        self.generation = generation


class Reply:
    """What one run has answered so far.

    Attributes:
        parts: index -> part, in the order of their first appearance.
        declared: index -> code points the server says the finished part has.
        status: ``None`` until the run finished, then how it did.
        was_reset: text that had been handed out was withdrawn since this was last cleared.
    """

    def __init__(self, message_id: str, run_id: str) -> None:
        self.message_id = message_id
        self.run_id = run_id
        self.parts: dict[int, Part] = {}
        self.declared: dict[int, int] = {}
        self.status: str | None = None
        self.provider: str | None = None
        self.model: str | None = None
        self.finish_reason: str | None = None
        self.usage: dict[str, Any] | None = None
        self.error: dict[str, Any] | None = None
        self.was_reset = False
        self.not_kept: str | None = None
        """Why the end of the run cannot be written, while that is so."""

    @property
    def text(self) -> str:
        """The answer: all text parts, one behind the other."""
        return "".join(self.parts[index].text for index in sorted(self.parts) if self._is_shown(index))

    def apply(self, method: str, params: dict[str, Any]) -> str:
        """Take a notification and return the new text of the answer, often none."""
        if method == "delta":
            return self._apply_delta(params) if params["m"] == self.message_id else ""
        if method == "event":
            self._apply_event(params["type"], params["data"])
        if method == "signal" and params["type"] == "run.not_kept":
            self.not_kept = params["data"]["error"]["message"]
        return ""

    def missing(self) -> list[tuple[int, int]]:
        """Return ``(part, from)`` for every part that is shorter than the server said."""
        return [
            (index, self._part(index, SHOWN_TYPE).length)
            for index, length in sorted(self.declared.items())
            if self._part(index, SHOWN_TYPE).length < length
        ]

    def fill(self, index: int, offset: int, text: str) -> str:
        """Take text that was fetched to close a gap, and return the new text of the answer."""
        fresh = self._part(index, SHOWN_TYPE).append(offset, text)
        return fresh if self._is_shown(index) else ""

    def _apply_delta(self, delta: dict[str, Any]) -> str:
        part = self._part(delta["p"], delta.get("t", SHOWN_TYPE))
        if delta.get("g", 0) != part.generation:
            return ""
        fresh = part.append(delta["o"], delta["d"])
        return fresh if part.type == SHOWN_TYPE else ""

    def _apply_event(self, event_type: str, data: dict[str, Any]) -> None:
        if data.get("run_id") == self.run_id:
            self._apply_run_event(event_type, data)
        elif data.get("message_id") == self.message_id:
            self._apply_part_event(event_type, data)

    def _apply_run_event(self, event_type: str, data: dict[str, Any]) -> None:
        if event_type in ("run.started", "run.finished"):
            self.provider = data.get("provider") or self.provider
            self.model = data.get("model") or self.model
        if event_type == "run.finished":
            self.status = data["status"]
            self.finish_reason = data.get("finish_reason")
            self.usage = data.get("usage")
            self.error = data.get("error")

    def _apply_part_event(self, event_type: str, data: dict[str, Any]) -> None:
        if event_type == "part.started":
            self._part(data["part"], data["type"]).generation = data.get("g", 0)
        elif event_type == "part.completed":
            self._part(data["part"], data.get("type", SHOWN_TYPE))
            self.declared[data["part"]] = data["len"]
        elif event_type == "part.reset":
            part = self._part(data["part"], SHOWN_TYPE)
            self.was_reset = self.was_reset or (part.type == SHOWN_TYPE and data["len"] < part.length)
            part.reset(data["g"], data["len"])

    def _part(self, index: int, part_type: str) -> Part:
        return self.parts.setdefault(index, Part(part_type))

    def _is_shown(self, index: int) -> bool:
        return self.parts[index].type == SHOWN_TYPE
