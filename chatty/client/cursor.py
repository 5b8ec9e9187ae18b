"""How far a client has followed one conversation, and what is missing when something skips ahead.

Pure bookkeeping: sequence numbers, and for each part its generation and length in code points. It
decides, it neither stores text nor asks the server for anything.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from chatty.client.updates import Delta, Event


class Place(Enum):
    """Where an event belongs."""

    NEXT = "next"
    OLD = "old"
    """Seen already."""
    EARLY = "early"
    """Something before it is missing."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Text of a part that never arrived."""

    message_id: str
    part: int
    start: int
    """First missing code point."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """How much of a part was handed on."""

    generation: int
    length: int
    is_open: bool
    """A run may still be writing it: no ``part.completed`` has been seen."""


class Cursor:
    """The place in one conversation up to which everything was handed on.

    Args:
        follows_text: whether deltas are expected; without them lengths are not compared.

    Attributes:
        history_id: the database's history that ``seq`` counts in; ``None`` before the first snapshot.
        seq: the newest event handed on.
    """

    def __init__(self, *, follows_text: bool = True) -> None:
        self.history_id: str | None = None
        self.seq = 0
        self._follows_text = follows_text
        self._messages: set[str] = set()
        self._parts: dict[tuple[str, int], _Extent] = {}

    def adopt(self, snapshot: dict[str, Any]) -> None:
        """Start over from the result of ``conversation.subscribe`` in mode ``snapshot``."""
        self.history_id = snapshot["history_id"]
        self.seq = snapshot["head"]
        self._messages = {run["message_id"] for run in snapshot.get("runs", ())}
        self._parts = {}
        for message in snapshot.get("messages", ()):
            self._learn(message)
        for part in snapshot.get("open_parts", ()):
            self._messages.add(part["message_id"])
            self._parts[part["message_id"], part["part"]] = _Extent(
                part["g"], part.get("from", 0) + len(part["text"]), is_open=True
            )

    def place(self, seq: int) -> Place:
        """Say where an event with this number belongs."""
        if seq == self.seq + 1:
            return Place.NEXT
        return Place.OLD if seq <= self.seq else Place.EARLY

    def gaps_before(self, event: Event) -> list[Gap]:
        """Return what to read before the event makes sense: missing text, or text to be checked.

        A run that ends without completing a part was cut off by a crash. What was shown of it may run
        ahead of what the disk had, and the server's text is the truth.
        """
        if not self._follows_text:
            return []
        match event.type:
            case "part.completed":
                return self._gap_up_to(event.data["len"], event.data)
            case "part.started":
                return self._gap_up_to(event.data.get("offset", 0), event.data)
            case "run.finished":
                message_id = event.data["message_id"]
                return [
                    Gap(owner, part, extent.length)
                    for (owner, part), extent in self._parts.items()
                    if owner == message_id and extent.is_open
                ]
            case _:
                return []

    def _gap_up_to(self, expected: int, data: dict[str, Any]) -> list[Gap]:
        message_id, part = data["message_id"], data["part"]
        known = self._parts.get((message_id, part))
        if known is None or known.generation < data.get("g", 0):
            return [Gap(message_id, part, 0)] if expected else []
        return [Gap(message_id, part, known.length)] if known.length < expected else []

    def advance(self, event: Event) -> None:
        """Take note of an event that was handed on."""
        self.seq = event.seq
        data = event.data
        match event.type:
            case "message.created":
                self._learn(data["message"])
            case "message.updated" if "parts" in data:
                self._learn({"id": data["message_id"], "parts": data["parts"]})
            case "run.queued":
                self._messages.add(data["run"]["message_id"])
            case "part.started":
                self._open(data)
            case "part.completed":
                self._parts[data["message_id"], data["part"]] = _Extent(
                    data.get("g", 0), data["len"], is_open=False
                )
            case "part.reset":
                kept = min(data["len"], self._length(data["message_id"], data["part"]))
                self._parts[data["message_id"], data["part"]] = _Extent(data["g"], kept, is_open=True)

    def fit(self, delta: Delta) -> Delta | Gap | None:
        """Return what of a delta is new, the gap in front of it, or ``None`` if nothing is to be done.

        Text for a message whose creation, or whose run, has not been seen is left out here: the gap shows
        as soon as the message is known.
        """
        if delta.message_id not in self._messages:
            return None
        known = self._parts.get((delta.message_id, delta.part))
        if known is None or delta.generation > known.generation:
            return delta if delta.offset == 0 else Gap(delta.message_id, delta.part, 0)
        if delta.generation < known.generation:
            return None
        if delta.offset > known.length:
            return Gap(delta.message_id, delta.part, known.length)
        surplus = known.length - delta.offset
        if surplus >= len(delta.text):
            return None
        if surplus == 0:
            return delta
        return Delta(
            delta.message_id,
            delta.part,
            known.length,
            delta.text[surplus:],
            delta.generation,
            delta.part_type,
        )

    def extend(self, delta: Delta) -> None:
        """Take note of text that was handed on."""
        self._parts[delta.message_id, delta.part] = _Extent(
            delta.generation, delta.offset + len(delta.text), is_open=True
        )

    def generation(self, message_id: str, part: int) -> int:
        """Return the generation of a part as far as known, -1 when nothing is."""
        known = self._parts.get((message_id, part))
        return -1 if known is None else known.generation

    def _length(self, message_id: str, part: int) -> int:
        known = self._parts.get((message_id, part))
        return 0 if known is None else known.length

    def _open(self, data: dict[str, Any]) -> None:
        """A part may have been opened by its own first delta: what that brought is kept."""
        key, generation = (data["message_id"], data["part"]), data.get("g", 0)
        known = self._parts.get(key)
        length = known.length if known and known.generation == generation else data.get("offset", 0)
        self._parts[key] = _Extent(generation, length, is_open=True)

    def _learn(self, message: dict[str, Any]) -> None:
        self._messages.add(message["id"])
        for index, part in enumerate(message.get("parts", ())):
            self._parts[message["id"], index] = _Extent(
                part.get("g", 0), len(part.get("text", "")), part.get("status") == "streaming"
            )
