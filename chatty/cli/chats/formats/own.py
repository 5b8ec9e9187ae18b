"""Our own formats, written and read back: JSON, one document, and JSONL, one conversation per line.

    JSON   {"format": "chatty/1", "conversation": {…}}        one conversation
           {"format": "chatty/1", "conversations": [{…}, …]}  several
    JSONL  {"format": "chatty/1", "conversation": {…}}        per line

A file is untrusted: everything read is checked against the protocol's own model before it is sent.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chatty.cli.output.json import to_line

Json = dict[str, Any]

FORMAT = "chatty/1"


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in a file: the conversation that stands there, or why there is none."""

    where: str
    conversation: Json | None = None
    why: str = ""


def to_json(exported: list[Json]) -> str:
    """Return one document; ``exported`` are the answers of ``conversation.export``."""
    if len(exported) == 1:
        return to_line(exported[0])
    return to_line({"format": FORMAT, "conversations": [one["conversation"] for one in exported]})


def to_jsonl(exported: list[Json]) -> str:
    """Return one line per conversation."""
    return "".join(map(to_line, exported))


def read(content: bytes, name: str) -> Iterator[Entry]:
    """Yield what stands in a file, conversation by conversation, good or not.

    Args:
        content: JSON or JSONL; which of the two shows by itself.
        name: what to call the file in ``where``.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield Entry(name, why="not text in UTF-8")
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2 or not any(_is_json(line) for _, line in lines):
            yield Entry(name, why=f"neither JSON nor JSONL: {_reason(error)}")
            return
        for number, line in lines:
            yield from _line(line, f"{name}:{number}")
    else:
        yield from _document(document, name)


def _line(line: str, where: str) -> Iterator[Entry]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        yield Entry(where, why=f"not JSON: {_reason(error)}")
    else:
        yield from _document(document, where)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _document(document: Any, where: str) -> Iterator[Entry]:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        yield Entry(where, why=f'not an export of chatty: "format" is not "{FORMAT}"')
    elif isinstance(document.get("conversations"), list):
        for number, conversation in enumerate(document["conversations"], 1):
            yield _checked(conversation, f"{where}#{number}")
    else:
        yield _checked(document.get("conversation"), where)


def _checked(conversation: Any, where: str) -> Entry:
    # pydantic: about 100 ms, for imports alone.
    from pydantic import ValidationError

    from chatty.protocol.conversation import ConversationImportParams

    try:
        ConversationImportParams.model_validate({"conversation": conversation})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"][1:])) or "conversation"
        return Entry(where, why=f"{place}: {first['msg']}")
    return Entry(where, conversation)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, json.JSONDecodeError) else "nested too deeply"
