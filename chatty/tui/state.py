"""What the client knows: one open conversation, the list of all of them, models, the link.

Plain values without behaviour beyond a few questions about themselves. `store.py` changes them, widgets read
them. Every text here has passed the sanitiser; offsets are code points of the text as it was received.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

LinkKind = Literal["well", "connecting", "offline"]

ACTIVE_RUNS = frozenset({"queued", "running", "waiting", "cancelling"})


class Node(NamedTuple):
    """One message of the tree, without its text."""

    parent_id: str | None
    created_seq: int


@dataclass(slots=True)
class Part:
    """One typed piece of a message."""

    type: str
    """`text`, `reasoning`, `tool_call`, `tool_result`, `file`, `image`, `citation`, `error` …"""
    pieces: list[str] = field(default_factory=list)
    """The sanitised text, in the pieces it came in: adding one never copies what is there."""
    received: int = 0
    """Code points received, as the server counts them: where the next delta must start."""
    generation: int = 0
    status: str = "completed"
    name: str = ""
    """A tool's name, a file's name, a source's title."""
    detail: str = ""
    """A tool's arguments in one line, a file's size, a source's place."""
    seconds: float | None = None
    """How long it took, when known."""

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
    author_id: str | None = None
    author_name: str = ""
    status: str = "completed"
    model: str = ""
    provider: str = ""
    created_at_ms: int = 0
    created_seq: int = 0
    run_id: str | None = None
    parts: list[Part] = field(default_factory=list)
    error: str = ""
    """Why it failed, in one sentence; empty otherwise."""
    finish_reason: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    first_word_seconds: float | None = None
    total_seconds: float | None = None

    @property
    def text(self) -> str:
        """The text parts joined: what is copied and edited."""
        return "\n\n".join(part.text for part in self.parts if part.type == "text")

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
    output_tokens: int = 0


@dataclass(slots=True)
class Approval:
    """A tool that asks before it acts."""

    id: str
    message_id: str
    action: str
    """What it would do, such as `run`."""
    subject: str
    """What exactly, such as the command."""
    place: str
    asked_at_ms: int = 0


@dataclass(slots=True)
class OpenConversation:
    """The conversation on the screen."""

    id: str
    title: str = ""
    project: str = ""
    model: str = ""
    model_provider: str = ""
    head: int = 0
    """The newest `seq` applied."""
    leaf_id: str | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    """Ids from the first message to the leaf; some may not be loaded yet."""
    siblings: dict[str | None, list[str]] = field(default_factory=dict)
    """By parent id, in the order they were made."""
    runs: dict[str, Run] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    people_here: list[str] = field(default_factory=list)
    """Names of other people who have the conversation open."""
    people_typing: list[str] = field(default_factory=list)
    tokens: int = 0
    context_share: float | None = None
    """Share of the model's window in use, 0 to 1."""
    cost_usd: float | None = None
    is_loading: bool = False

    def active_run(self) -> Run | None:
        """The run that is answering now, if any."""
        return next((run for run in self.runs.values() if run.status in ACTIVE_RUNS), None)

    def sibling_place(self, message_id: str) -> tuple[int, int]:
        """The message's place among its siblings and their number, such as (2, 3)."""
        node = self.nodes.get(message_id)
        alike = self.siblings.get(node.parent_id, []) if node else []
        return (alike.index(message_id) + 1, len(alike)) if message_id in alike else (1, 1)


@dataclass(slots=True)
class ConversationRow:
    """One line of the side bar."""

    id: str
    title: str
    project: str = ""
    touched_at_ms: int = 0
    is_answering: bool = False
    is_waiting: bool = False
    is_unread: bool = False
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
    snippet: str


@dataclass(slots=True)
class Link:
    """How the connection to the server is."""

    server: str = "local"
    kind: LinkKind = "well"
    retry_at_ms: int | None = None
    """When the next attempt is made."""
    messages_waiting: int = 0
    """Messages in the outbox."""
