"""One run while it is being carried out: its text, its figures, and how it is asked to stop."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatty.protocol.lifecycle import ProviderCredentials
from chatty.providers.base import ChatMessage, UsageReport
from chatty.server.live.buffer import PartBuffer
from chatty.server.live.context import ModelContext
from chatty.server.live.pacer import DeltaPacer
from chatty.server.run_writes import EndStatus, FinishedPart, TextPiece
from chatty.store import rows
from chatty.store.database import Database, Scope


@dataclass(slots=True)
class Ticket:
    """A run that was accepted, and what it needs to be carried out."""

    run: rows.Run
    scope: Scope
    database: Database
    credentials: ProviderCredentials | None
    context: ModelContext | None = None
    """What the model is to be shown, when it was read already."""
    fails_without_key: bool = False
    """Nobody is there to give a key: fail at once instead of waiting for one."""


@dataclass(slots=True)
class WritingPart:
    """A part this run writes, and how much of it is on disk."""

    index: int
    buffer: PartBuffer
    is_announced: bool = False
    kept: int = 0
    """Code points on disk."""


@dataclass(slots=True)
class ActiveRun:
    """A run between its start and its end. Only the engine changes it."""

    ticket: Ticket
    pacer: DeltaPacer
    first_index: int = 0
    """Index the next new part takes; more than 0 when a reply goes on."""
    parts: list[WritingPart] = field(default_factory=list)
    usage: UsageReport | None = None
    finish_reason: str | None = None
    request_id: str | None = None
    project_id: str | None = None
    context: Sequence[ChatMessage] = ()
    """What the model was shown."""
    unkept_code_points: int = 0
    """Text written since the last time some was put on disk."""
    base_url: str | None = None
    """Where it was asked; prices depend on it."""
    began_at: float = field(default_factory=time.monotonic)
    first_text_at: float | None = None
    """Monotonic, like `began_at`."""
    stop: EndStatus | None = None
    """How it must end, once somebody asked it to stop."""
    task: asyncio.Task[None] | None = None
    producer: asyncio.Task[None] | None = None
    """The part of the task that may be cancelled."""
    seeks_key: bool = False
    """Whether it has asked for a key and found none so far."""
    has_key: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a key may have come, for a run that waits for one."""

    @property
    def run(self) -> rows.Run:
        """The run's row, as claimed."""
        return self.ticket.run

    def write(self, kind: str, text: str) -> PartBuffer | None:
        """Append text to the part of this kind; return its buffer when it is a new part."""
        opened = None
        if not self.parts or self.parts[-1].buffer.type != kind:
            opened = PartBuffer(
                self.run.conversation_id or "", self.run.message_id or "", self._next_index(), kind
            )
            self.parts.append(WritingPart(opened.part, opened))
        if self.first_text_at is None:
            self.first_text_at = time.monotonic()
        self.unkept_code_points += len(text)
        self.pacer.write(self.parts[-1].buffer, text)
        return opened

    def reopen(self, part: rows.Part) -> PartBuffer:
        """Go on with a part that has text already."""
        buffer = PartBuffer(
            self.run.conversation_id or "",
            self.run.message_id or "",
            part.idx,
            part.type,
            text=part.text or "",
            g=part.g,
        )
        self.parts.append(WritingPart(part.idx, buffer))
        return buffer

    def ask_to_stop(self, status: EndStatus) -> None:
        """Stop producing; what was written stays, and the run ends with this status."""
        if self.stop is None:
            self.stop = status
        if self.producer is not None:
            self.producer.cancel()

    def unkept(self) -> list[TextPiece]:
        """Return the text that is not on disk; marks it as being written."""
        pieces = []
        for part in self.parts:
            buffer = part.buffer
            if buffer.length <= part.kept or buffer.length == buffer.base:
                continue
            offset = part.kept if part.is_announced else 0
            pieces.append(
                TextPiece(
                    run=self.run,
                    scope=self.ticket.scope,
                    part=part.index,
                    part_type=buffer.type,
                    g=buffer.g,
                    offset=offset,
                    text=buffer.text_from(offset),
                    base=buffer.base,
                    is_new=not part.is_announced,
                )
            )
        return pieces

    def note_kept(self, pieces: list[TextPiece]) -> None:
        """Remember that these pieces are on disk."""
        self.unkept_code_points = 0
        for piece in pieces:
            for part in self.parts:
                if part.index == piece.part:
                    part.is_announced = True
                    part.kept = max(part.kept, piece.offset + len(piece.text))

    def finished_parts(self) -> list[FinishedPart]:
        """Return the parts as they stand."""
        return [
            FinishedPart(
                index=part.index,
                type=part.buffer.type,
                text=part.buffer.text(),
                g=part.buffer.g,
                base=part.buffer.base,
                is_new=not part.is_announced,
            )
            for part in self.parts
        ]

    def _next_index(self) -> int:
        return self.parts[-1].index + 1 if self.parts else self.first_index
