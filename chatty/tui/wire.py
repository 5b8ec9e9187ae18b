"""From the protocol's values to `state.py` values: the edge where foreign text is made safe to draw.

All text passes the sanitiser here, so that nothing behind this module has to. Nothing here keeps state.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chatty.client.view import MessageView, PartView
from chatty.rendering.sanitizer import sanitize
from chatty.tui.editing.chips import size_words
from chatty.tui.prompts import PromptChoice
from chatty.tui.state import ConversationRow, Message, ModelRow, Part, Run, SearchHit, Spent

Frame = Mapping[str, Any]
"""A result or a part of one, as the server wrote it."""

PROVIDER_TITLES: Mapping[str, str] = {"openai": "OpenAI", "groq": "Groq", "guide": "The guide"}
"""Names of the built-in providers for people; others are shown by the name they were given."""

_UNTITLED = "New conversation"


def line(value: object) -> str:
    """A one-line text, sanitised; empty when there is none."""
    return sanitize(value, multiline=False) if isinstance(value, str) else ""


def text(value: object) -> str:
    """A text of any number of lines, sanitised; empty when there is none."""
    return sanitize(value) if isinstance(value, str) else ""


def moment_ms(value: object) -> int:
    """A time of the wire (RFC 3339) as milliseconds since 1970; 0 when absent."""
    if not isinstance(value, str):
        return 0
    try:
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    except ValueError:
        return 0


def split_model(model: object) -> tuple[str, str]:
    """Provider and model of `PROVIDER/MODEL`, sanitised; both empty when there is none."""
    provider, _, name = line(model).partition("/")
    return provider, name or provider


def update_message(message: Message, view: MessageView, user_id: str | None) -> None:
    """Bring everything but the parts of a message in line with what the server said.

    `user_id` is who looks; None on a server of one person, where every question is one's own.
    """
    author = view.author or {}
    usage = view.usage or {}
    message.parent_id = view.parent_id
    message.role = line(view.role)
    message.is_own = user_id is None or author.get("id") in (None, user_id)
    message.author_name = line(author.get("name"))
    message.status = view.status
    message.model = line(view.model)
    message.provider = line(view.provider)
    message.created_at_ms = moment_ms(view.created_at)
    message.run_id = view.run_id
    message.error = line((view.error or {}).get("message"))
    message.finish_reason = line(view.finish_reason)
    message.input_tokens = usage.get("input_tokens")
    message.output_tokens = usage.get("output_tokens")
    message.cost_usd = usage.get("cost_usd")


def update_part(part: Part, view: PartView) -> None:
    """Bring everything but the text of a part in line with what the server said."""
    part.type, part.name = line(view.type), line(view.name)
    if part.name and part.type == "text":
        part.type, part.detail = "file", size_words(len(view.text.encode()))


def sent_part(frame: Frame) -> Part:
    """A part of a message of our own, before the server has it."""
    content = frame["text"]
    part = Part("text", [text(content)], len(content), name=line(frame.get("name")))
    if part.name:
        part.type, part.detail = "file", size_words(len(content.encode()))
    return part


def run(frame: Frame) -> Run:
    """A run that is not finished."""
    return Run(
        id=frame["id"],
        reply_id=frame["message_id"],
        status=frame["status"],
        started_at_ms=moment_ms(frame.get("started_at")) or moment_ms(frame.get("created_at")),
    )


def conversation_row(frame: Frame, projects: Mapping[str, str]) -> ConversationRow:
    """A line of the side bar. `projects` are names by id, sanitised."""
    return ConversationRow(
        id=frame["id"],
        title=line(frame.get("title")) or _UNTITLED,
        project=projects.get(frame.get("project_id") or "", ""),
        model=line(frame.get("model")),
        touched_at_ms=moment_ms(frame.get("last_message_at")) or moment_ms(frame.get("updated_at")),
        is_answering=bool(frame.get("is_answering")),
    )


def model_row(frame: Frame) -> ModelRow:
    """A line of the model picker."""
    provider = line(frame.get("provider"))
    return ModelRow(
        provider=provider,
        name=line(frame.get("name")),
        provider_title=PROVIDER_TITLES.get(provider, provider),
        context_tokens=frame.get("context_tokens"),
        input_usd=frame.get("input_usd_per_million"),
        output_usd=frame.get("output_usd_per_million"),
        has_key=frame.get("is_ready") is not False,
    )


def prompt(frame: Frame) -> PromptChoice:
    """A line of the prompt picker."""
    latest = frame["latest"]
    names = tuple(line(name) for name in latest.get("variables", ()))
    return PromptChoice(line(frame["name"]), text(latest["body"]), names)


def unlisted_model(name: str) -> ModelRow:
    """A model that was used and that no list has: nothing else is known of it."""
    provider, model = split_model(name)
    return ModelRow(provider, model, PROVIDER_TITLES.get(provider, provider), is_recent=True)


def spent(total: Frame) -> Spent | None:
    """What runs have cost; None where there were none."""
    if not total.get("runs"):
        return None
    usage = total.get("usage") or {}
    return Spent(usage.get("cost_usd"), bool(total.get("unpriced_runs")), bool(usage.get("estimated")))


def search_hit(frame: Frame) -> SearchHit:
    """A line of the search."""
    return SearchHit(
        conversation_id=frame.get("conversation_id") or "",
        message_id=frame.get("message_id") or "",
        title=line(frame.get("title")) or _UNTITLED,
        pieces=_pieces(str(frame.get("snippet", "")), frame.get("marks") or ()),
    )


def _pieces(snippet: str, marks: Sequence[tuple[int, int]]) -> tuple[tuple[str, bool], ...]:
    """The snippet cut at its marks. Cut before sanitising: the marks count the text as it was sent."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in sorted((max(start, 0), stop) for start, stop in marks):
        start = max(start, end)
        pieces.append((line(snippet[end:start]), False))
        pieces.append((line(snippet[start:stop]), True))
        end = max(end, stop)
    pieces.append((line(snippet[end:]), False))
    return tuple(piece for piece in pieces if piece[0])
