"""A conversation as Markdown to read: the path in use, one heading per message.

It is not read back; JSON and JSONL are.
"""

import re
from typing import Any

Json = dict[str, Any]

_FENCES = re.compile(r"`{3,}")


def to_markdown(conversation: Json, messages: list[Json]) -> str:
    """Return the conversation as one Markdown document."""
    title = " ".join(conversation["title"].split())
    head = f"# {title}\n\n{conversation['created_at']}\n"
    return head + "".join(_message(message) for message in messages)


def speaker(message: Json) -> str:
    """Return who speaks: a person's name, or the model's."""
    if message["role"] == "user":
        author = message.get("author") or {}
        return str(author.get("name") or "user")
    if message.get("model"):
        return (
            f"{message['provider']}/{message['model']}" if message.get("provider") else str(message["model"])
        )
    return str(message["role"])


def remark(message: Json) -> str:
    """Return what is unusual about a message, an empty string if nothing is."""
    error = message.get("error") or {}
    if error:
        return f"failed: {error.get('message', error.get('type', 'nobody said why'))}"
    return "" if message["status"] == "completed" else str(message["status"])


def _message(message: Json) -> str:
    parts = [_part(part) for part in message["parts"] if part["type"] == "text"]
    note = remark(message)
    if note:
        parts.append(f"*({' '.join(note.split())})*")
    return f"\n## {' '.join(speaker(message).split())}\n\n" + "\n\n".join(parts) + "\n"


def _part(part: Json) -> str:
    text = str(part["text"]).rstrip("\n")
    if not part.get("name"):
        return text
    fence = max((run.group() + "`" for run in _FENCES.finditer(text)), key=len, default="```")
    return f"{' '.join(str(part['name']).split())}:\n\n{fence}\n{text}\n{fence}"
