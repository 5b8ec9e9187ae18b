"""What archive, delete and restore share: do it to each conversation, say so, and say how to undo it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session


def change_each(
    session: Session,
    method: str,
    conversation_ids: Iterable[str],
    word: str,
    *,
    undo: bool,
    as_json: bool,
    params: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Call the method for each conversation and print what became of it.

    Args:
        conversation_ids: one that is named twice is changed once.
        word: what was done, in the past tense.
        undo: whether ``chatty chats restore`` takes it back.
        params: what the method is told besides the id.
    """
    items: list[dict[str, Any]] = []
    for conversation_id in dict.fromkeys(conversation_ids):
        session.call(method, {"conversation_id": conversation_id, **params})
        item = {"id": conversation_id, "status": word}
        if undo:
            item["undo"] = f"chatty chats restore {conversation_id}"
        items.append(item)
        if not as_json:
            say(f"{word} {conversation_id}")
            if undo:
                say(f"undo: {item['undo']}")
    if as_json:
        print_json({"items": items, "next": None})
