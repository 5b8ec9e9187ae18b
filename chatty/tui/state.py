"""What the client knows: one open conversation, the list of all of them, models, the link.

Plain values without behaviour beyond a few questions about themselves. `store.py` changes them, widgets read
them. Every text here has passed the sanitiser; offsets are code points of the text as it was received.
"""

from dataclasses import dataclass, field
from typing import Literal

from chatty.protocol.run_status import ACTIVE_RUN_STATUSES

LinkKind = Literal["starting", "well", "connecting", "offline"]
"""`starting`: never connected so far."""

NEW = "new"
"""The draft of a conversation that is not stored yet, or not known yet."""


@dataclass(slots=True)
class Part:
    """One typed piece of a message."""

    type: str
    """`text`, `reasoning`, `error`, `file` for text that has a name; others are shown by their name."""
    pieces: list[str] = field(default_factory=list)
    """The sanitised text, in the pieces it came in: adding one never copies what is there."""
    received: int = 0
    """Code points received, as the server counts them: where what is new begins."""
    generation: int = 0
    """Raised whenever text that was there was taken away; until then the pieces only grow."""
    status: str = "completed"
    name: str = ""
    """A file's name."""
    detail: str = ""
    """A file's size."""
    seconds: float | None = None
    """How long thinking took, when that was seen here."""

    @property
    def text(self) -> str:
        """The whole text so far."""
        return "".join(self.pieces)


@dataclass(slots=True)
class Message:
    """One entry of the conversation, with its parts."""

    id: str
    parent_id: str | None
    role: str
    is_own: bool = True
    """Written by who looks; of a question."""
    author_name: str = ""
    status: str = "completed"
    model: str = ""
    provider: str = ""
    created_at_ms: int = 0
    run_id: str | None = None
    parts: list[Part] = field(default_factory=list)
    error: str = ""
    """Why it failed, in one sentence; empty otherwise."""
    finish_reason: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None

    @property
    def text(self) -> str:
        """The text parts joined: what is copied and edited."""
        return "\n\n".join(part.text for part in self.parts if part.type == "text")

    @property
    def is_broken(self) -> bool:
        """An answer that ended before its end."""
        return self.status in ("failed", "cancelled", "interrupted")

    @property
    def has_begun(self) -> bool:
        """There is a word of an answer: what one can go on from."""
        return any(part.type == "text" and part.received for part in self.parts)

    def text_length(self) -> int:
        """Code points received so far, thinking included."""
        return sum(part.received for part in self.parts)


@dataclass(slots=True)
class Run:
    """The server producing one reply."""

    id: str
    reply_id: str
    status: str
    started_at_ms: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What the runs of a path have cost."""

    usd: float | None = None
    """The prices that are known, summed; None when none is."""
    has_unpriced: bool = False
    """The price of some of them is not known."""
    is_estimated: bool = False
    """Some were counted here, because nobody reported them."""


@dataclass(slots=True)
class OpenConversation:
    """The conversation on the screen."""

    id: str
    """Empty while it is not known yet which one that is."""
    title: str = ""
    project: str = ""
    model: str = ""
    model_provider: str = ""
    is_model_chosen: bool = False
    """The model was chosen for this conversation; otherwise it is the one that usually answers."""
    project_id: str | None = None
    is_new: bool = False
    """Nothing of it is stored: its first message makes it."""
    is_loading: bool = False
    leaf_id: str | None = None
    """The end of the path."""
    messages: dict[str, Message] = field(default_factory=dict)
    """Those at hand, on whichever path."""
    path: list[str] = field(default_factory=list)
    """Ids of those at hand on the path in use, the leaf last."""
    has_older: bool = False
    """The path goes on above those at hand."""
    away: list[str] = field(default_factory=list)
    """Ids of a stretch further up on the path, around a place one went to, while there is a gap below it."""
    has_older_away: bool = False
    """The path goes on above that stretch."""
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Place among its siblings and their number, such as (2, 3), of messages on the path that have any."""
    runs: dict[str, Run] = field(default_factory=dict)
    """Those that are not finished, by id, oldest first."""
    tokens: int = 0
    """What the next request brings along: the input and output of the newest answer."""
    context_share: float | None = None
    """Share of the model's window in use, 0 to 1."""
    spent: Spent | None = None
    """What the whole path has cost, by the server's word; None before it was asked."""

    @property
    def draft_key(self) -> str:
        """Under which name its draft is kept now: a conversation that was never stored has no lasting id."""
        return NEW if self.is_new or not self.id else self.id

    def active_run(self) -> Run | None:
        """The run that is answering now, if any."""
        return next((run for run in self.runs.values() if run.status in ACTIVE_RUN_STATUSES), None)

    def is_queued(self, message_id: str) -> bool:
        """Whether the message is a reply that waits until another is done."""
        active = self.active_run()
        return any(
            run.reply_id == message_id and run.status == "queued" and run is not active
            for run in self.runs.values()
        )

    def sibling_place(self, message_id: str) -> tuple[int, int]:
        """The message's place among its siblings and their number, such as (2, 3)."""
        return self.places.get(message_id, (1, 1))


@dataclass(slots=True)
class ConversationRow:
    """One line of the side bar."""

    id: str
    title: str
    project: str = ""
    model: str = ""
    """`provider/model`, when one was chosen for it."""
    touched_at_ms: int = 0
    is_answering: bool = False
    has_draft: bool = False


@dataclass(slots=True)
class ModelRow:
    """One model that can be chosen."""

    provider: str
    name: str
    provider_title: str = ""
    context_tokens: int | None = None
    input_usd: float | None = None
    """Price of a million input tokens; 0 is free, None unknown."""
    output_usd: float | None = None
    abilities: tuple[str, ...] = ()
    """Words such as `images`, `tools`, `thinking`."""
    has_key: bool = True
    is_recent: bool = False

    @property
    def id(self) -> str:
        """The name the user types: `provider/model`."""
        return f"{self.provider}/{self.name}"


@dataclass(slots=True)
class SearchHit:
    """One place a search found."""

    conversation_id: str
    message_id: str
    title: str
    pieces: tuple[tuple[str, bool], ...]
    """The stretch of text around the hit, in pieces: each with whether it is what was searched for."""

    @property
    def snippet(self) -> str:
        """The stretch as one text."""
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found."""

    words: str = ""
    """What was looked for, as it was typed."""
    hits: tuple[SearchHit, ...] = ()
    """Newest first."""
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A word for the status row, such as `sent to the terminal`."""

    text: str = ""
    stays: bool = False
    """It describes a state, and goes with it; others go by themselves."""
    number: int = 0
    """Tells two notes of the same words apart."""


@dataclass(slots=True)
class Link:
    """How the connection to the server is."""

    server: str = "local"
    kind: LinkKind = "starting"
    retry_at_ms: int | None = None
    """When the next attempt is made."""
    messages_waiting: int = 0
    """Messages in the outbox."""
