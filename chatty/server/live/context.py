"""What a model is shown: instructions, then the path that leads to the message to be answered.

Pure but for the one unit of work that reads the path. It calls no model and counts no tokens
exactly: the budget is a length in code points, with room left for the reply.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chatty.providers.base import ChatMessage
from chatty.server import wire
from chatty.store import conversations, messages, projects, rows
from chatty.store import parts as part_rows
from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound

PAGE_MESSAGES: Final = 64
CODE_POINTS_PER_TOKEN: Final = 3
"""On the careful side for English prose; code and other scripts take more tokens per code point."""
UNKNOWN_WINDOW_TOKENS: Final = 128_000
LARGE_CODE_POINTS: Final = 12_000
"""From here on a small model's window may be too small: its true size is looked up."""
REPLY_SHARE: Final = 0.75
"""The part of the window that the context may fill; the rest is for the reply."""
GO_ON: Final = (
    "Your last reply was cut off. Go on exactly where it stopped: repeat nothing, and do not comment on it."
)


@dataclass(frozen=True, slots=True)
class ModelContext:
    """The context of one run."""

    messages: Sequence[ChatMessage]
    is_shortened: bool
    """Older messages were left out because the window is full."""
    project_id: str | None
    reply_so_far: Sequence[rows.Part] = ()
    """What the reply holds already, when it goes on."""

    @property
    def code_points(self) -> int:
        """How long all of it is."""
        return sum(len(message.text) for message in self.messages)


def read(scope: Scope, run: rows.Run, window_tokens: int) -> Work[ModelContext]:
    """Build the context of a run from its conversation.

    Raises:
        NotFound: the conversation is gone.
    """
    conversation = yield from conversations.get(scope, run.conversation_id or "")
    instructions = yield from _instructions(scope, run, conversation)
    budget = int(window_tokens * REPLY_SHARE) * CODE_POINTS_PER_TOKEN
    budget -= sum(len(text) for text in instructions)
    message_id = run.message_id or ""
    kept = (yield from part_rows.of_messages(scope, [message_id]))[message_id]
    tail = _going_on(kept)
    newest_first: list[ChatMessage] = list(reversed(tail))
    budget -= sum(len(message.text) for message in tail)
    is_shortened = False
    before: str | None = None
    leaf = run.parent_id
    while leaf is not None and not is_shortened:
        page = yield from messages.path(scope, leaf, PAGE_MESSAGES, before)
        texts = yield from part_rows.of_messages(scope, [message.id for message in page])
        for message in reversed(page):
            shown = _as_chat(message, texts[message.id])
            if shown is None:
                continue
            budget -= len(shown.text)
            if budget < 0 and newest_first:
                is_shortened = True
                break
            newest_first.append(shown)
        if len(page) < PAGE_MESSAGES:
            break
        before = page[0].id
    system = [ChatMessage("system", "\n\n".join(instructions))] if instructions else []
    return ModelContext([*system, *reversed(newest_first)], is_shortened, conversation.project_id, kept)


def _instructions(scope: Scope, run: rows.Run, conversation: rows.Conversation) -> Work[list[str]]:
    """Return the instructions in force: the project's first, then the run's or the conversation's own."""
    found: list[str] = []
    if conversation.project_id is not None:
        try:
            project = yield from projects.get(scope, conversation.project_id)
        except NotFound:
            project = None
        if project is not None and project.instructions:
            found.append(project.instructions)
    settings = wire.load(run.params)
    own = settings.get("system", wire.load(conversation.params).get("system"))
    if own:
        found.append(own)
    return found


def _going_on(kept: Sequence[rows.Part]) -> list[ChatMessage]:
    """Return the kept beginning of a reply that goes on, and the request to go on; nothing for a new one."""
    text = "".join(part.text or "" for part in kept if part.type == "text")
    return [ChatMessage("assistant", text), ChatMessage("user", GO_ON)] if text else []


def _as_chat(message: rows.Message, pieces: Sequence[rows.Part]) -> ChatMessage | None:
    """Return a message as models read it; one without text says nothing."""
    text = "\n\n".join(_part_text(part) for part in pieces if part.type == "text" and part.text)
    if not text or message.deleted_at is not None:
        return None
    match message.role:
        case "user" | "assistant" | "system":
            return ChatMessage(message.role, text)
        case _:
            return None


def _part_text(part: rows.Part) -> str:
    name = wire.load(part.data).get("name")
    if not name:
        return part.text or ""
    fence = "```"
    while fence in (part.text or ""):
        fence += "`"
    return f"{name}:\n{fence}\n{part.text}\n{fence}"
