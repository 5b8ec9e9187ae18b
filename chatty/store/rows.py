"""The rows of the store as frozen values. Field names and order are the tables' columns.

Times are milliseconds since 1970 UTC. Columns described as JSON hold JSON text, passed through untouched.
Nothing here knows SQL beyond the list of its own columns.
"""

from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

T = TypeVar("T")

Origin = Literal["tui", "script", "import", "api"]
Role = Literal["user", "assistant", "system", "tool"]
MessageStatus = Literal["pending", "streaming", "completed", "cancelled", "interrupted", "failed"]
PartStatus = Literal["open", "completed"]


def columns(kind: type, prefix: str = "") -> str:
    """Return the dataclass's columns as an SQL list, each with the prefix (`m.`)."""
    names: tuple[str, ...] = kind.__slots__  # type: ignore[attr-defined]
    return ", ".join(prefix + name for name in names)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None on the last one."""

    items: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Inserted(Generic[T]):
    """The row as stored; `duplicate` when it was there already with the same author and payload."""

    row: T
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Instance:
    """The one row that tells this database from every other."""

    history_id: str
    """Random; a client that knows another one holds events of another history."""
    schema_version: int
    min_reader: int
    """The lowest schema version a program must know to read this database."""
    min_writer: int
    created_at: int


@dataclass(frozen=True, slots=True)
class User:
    """A person, in any number of workspaces."""

    id: str
    email: str | None
    name: str
    status: str
    settings: str | None
    created_at: int
    updated_at: int
    version: int


@dataclass(frozen=True, slots=True)
class Workspace:
    """The tenant; everything else belongs to one."""

    id: str
    slug: str
    name: str
    settings: str | None
    created_at: int
    updated_at: int
    version: int


@dataclass(frozen=True, slots=True)
class Project:
    """A folder of prompts and conversations with shared instructions."""

    workspace_id: str
    id: str
    name: str
    instructions: str | None
    default_model: str | None
    params: str | None
    """JSON."""
    archived_at: int | None
    created_at: int
    updated_at: int
    version: int
    deleted_at: int | None


@dataclass(frozen=True, slots=True)
class NewProject:
    """What a caller says about a project to be."""

    id: str
    name: str
    instructions: str | None = None
    default_model: str | None = None
    params: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A named text; its content is in the versions."""

    workspace_id: str
    id: str
    project_id: str | None
    name: str
    title: str
    tags: str | None
    """JSON list of strings."""
    latest_version: int
    """The number of the newest PromptVersion."""
    created_at: int
    updated_at: int
    version: int
    deleted_at: int | None


@dataclass(frozen=True, slots=True)
class NewPrompt:
    """What a caller says about a prompt to be."""

    id: str
    name: str
    project_id: str | None = None
    title: str = ""
    tags: str | None = None


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """The immutable content number `n` of a prompt; numbers start at 1 and have no gaps."""

    workspace_id: str
    prompt_id: str
    n: int
    body: str
    variables: str | None
    """JSON."""
    author_id: str | None
    note: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class NewPromptVersion:
    """The content of a prompt version to be."""

    body: str
    variables: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One exchange: a tree of messages and a log of events."""

    workspace_id: str
    id: str
    project_id: str | None
    owner_id: str | None
    title: str
    title_source: str
    """`none`, `auto` or `user`."""
    visibility: str
    origin: str
    model: str | None
    params: str | None
    """JSON."""
    system_prompt_ref: str | None
    head_seq: int
    """The newest event's number; 0 before the first."""
    floor_seq: int
    """Events up to this number are gone."""
    message_seq: int
    """The newest message's `created_seq`."""
    message_count: int
    last_message_at: int
    """When the newest message was inserted; the creation time while there is none."""
    archived_at: int | None
    forked_from_conversation_id: str | None
    forked_from_message_id: str | None
    payload_hash: str | None
    created_at: int
    updated_at: int
    version: int
    deleted_at: int | None
    """When it was deleted; `restore` undoes it until the text is purged."""
    purged_at: int | None
    """When its text was removed for good; only this empty row stays, as a tombstone."""


@dataclass(frozen=True, slots=True)
class NewConversation:
    """What a caller says about a conversation to be."""

    id: str
    project_id: str | None = None
    title: str = ""
    title_source: str = "none"
    visibility: str = "private"
    origin: Origin = "api"
    model: str | None = None
    params: str | None = None
    system_prompt_ref: str | None = None
    forked_from_conversation_id: str | None = None
    forked_from_message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the tree; its content is in the parts."""

    workspace_id: str
    id: str
    conversation_id: str
    parent_id: str | None
    created_seq: int
    """The how-manieth message of its conversation this is, from 1: the order of siblings."""
    role: str
    author_id: str | None
    run_id: str | None
    status: str
    model: str | None
    provider: str | None
    finish_reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    error: str | None
    """JSON."""
    provider_meta: str | None
    """JSON, opaque, never indexed."""
    edited_from_id: str | None
    payload_hash: str | None
    created_at: int
    updated_at: int
    version: int
    deleted_at: int | None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What a caller says about a message to be."""

    id: str
    conversation_id: str
    role: Role
    parent_id: str | None = None
    author_id: str | None = None
    run_id: str | None = None
    status: MessageStatus = "completed"
    model: str | None = None
    provider: str | None = None
    error: str | None = None
    provider_meta: str | None = None
    edited_from_id: str | None = None
    finish_reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A living message without its content."""

    id: str
    parent_id: str | None
    created_seq: int
    role: str
    status: str


@dataclass(frozen=True, slots=True)
class Part:
    """One typed piece of a message."""

    message_id: str
    idx: int
    type: str
    text: str | None
    data: str | None
    """JSON: everything of the part that is not its text."""
    status: str
    g: int
    """Generation: counts how often the part was begun again."""


@dataclass(frozen=True, slots=True)
class NewPart:
    """The content of a part to be; its index is its position."""

    type: str = "text"
    text: str | None = None
    data: str | None = None
    status: PartStatus = "completed"
    g: int = 0


@dataclass(frozen=True, slots=True)
class PartSlice:
    """A piece of a part's text: `text` begins at `start`, `length` is the whole part's (code points)."""

    start: int
    text: str
    length: int
    g: int
    status: str


@dataclass(frozen=True, slots=True)
class Run:
    """The server producing one reply."""

    workspace_id: str
    id: str
    kind: str
    conversation_id: str | None
    message_id: str | None
    """The reply the run fills."""
    parent_id: str | None
    """The message replied to."""
    requested_by: str | None
    status: str
    model: str | None
    provider: str | None
    params: str | None
    """JSON."""
    owner: str | None
    fence: int
    """Rises with every change of owner; every write of an owner names its own."""
    lease_until: int | None
    cancel_requested_at: int | None
    cancel_by: str | None
    started_at: int | None
    first_delta_at: int | None
    finished_at: int | None
    attempt: int
    error: str | None
    """JSON."""
    provider_request_id: str | None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a caller says about a run to be."""

    id: str
    conversation_id: str | None
    message_id: str | None
    parent_id: str | None
    kind: str = "chat"
    requested_by: str | None = None
    model: str | None = None
    provider: str | None = None
    params: str | None = None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A durable change, with the exact JSON text that goes on the wire."""

    conversation_id: str
    seq: int
    type: str
    actor: str | None
    at: int
    body: str


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """What one run used."""

    workspace_id: str
    id: str
    run_id: str
    user_id: str | None
    project_id: str | None
    provider: str
    model: str
    input_tokens: int
    """Including the cached ones."""
    cached_input_tokens: int
    output_tokens: int
    """Including the reasoning ones."""
    reasoning_tokens: int
    cost_micros: int | None
    """Millionths of the currency's unit; None when the price is unknown."""
    currency: str
    estimated: int
    """1 when chatty counted itself because the provider did not report."""
    latency_ms: int | None
    ttft_ms: int | None
    at: int


@dataclass(frozen=True, slots=True)
class NewUsageRecord:
    """Usage to be recorded."""

    id: str
    run_id: str
    provider: str
    model: str
    user_id: str | None = None
    project_id: str | None = None
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cost_micros: int | None = None
    currency: str = "USD"
    estimated: bool = False
    latency_ms: int | None = None
    ttft_ms: int | None = None


@dataclass(frozen=True, slots=True)
class UsageSum:
    """The records of one group added up."""

    key: str | None
    """The model, provider, project or user; for days the date `YYYY-MM-DD` (UTC)."""
    currency: str
    runs: int
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_micros: int
    unpriced_runs: int
    """Runs whose price is unknown, not contained in `cost_micros`."""
    estimated_runs: int


@dataclass(frozen=True, slots=True)
class ProviderEndpoint:
    """Where a provider is reached. Secrets are never here."""

    workspace_id: str
    name: str
    kind: str
    base_url: str | None
    default_model: str | None
    meta: str | None
    """JSON."""
    created_at: int
    updated_at: int
    version: int


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One thing found."""

    kind: Literal["message", "conversation", "prompt"]
    id: str
    """The message, conversation or prompt."""
    conversation_id: str | None
    conversation_title: str | None
    project_id: str | None
    role: str | None
    author_id: str | None
    model: str | None
    at: int
    snippet: str
    """The text around the first match, raw: `\\x02` and `\\x03` enclose each match, `…` marks a cut."""


TABLES: Final[dict[str, type]] = {
    "instance": Instance,
    "users": User,
    "workspaces": Workspace,
    "projects": Project,
    "prompts": Prompt,
    "prompt_versions": PromptVersion,
    "conversations": Conversation,
    "messages": Message,
    "message_parts": Part,
    "runs": Run,
    "events": StoredEvent,
    "usage_records": UsageRecord,
    "provider_endpoints": ProviderEndpoint,
}
"""The tables whose rows have a class here."""
