"""The messages of a conversation, read page by page: along the path in use, or all branches."""

from typing import Any

from chatty.cli.session import PAGE_ROWS, Session

Message = dict[str, Any]


def path_in_use(session: Session, conversation_id: str) -> list[Message]:
    """Return the messages of the path in use, oldest first."""
    return _path(session, {"conversation_id": conversation_id}, set())


def whole_tree(session: Session, conversation_id: str) -> list[Message]:
    """Return the messages of all branches in the order they were made."""
    nodes = _nodes(session, conversation_id)
    parents = {node.get("parent_id") for node in nodes}
    known: set[str] = set()
    messages: list[Message] = []
    for leaf in (node["id"] for node in nodes if node["id"] not in parents):
        fresh = _path(session, {"conversation_id": conversation_id, "leaf": leaf}, known)
        messages += fresh
        known.update(message["id"] for message in fresh)
    return sorted(messages, key=lambda message: int(message["created_seq"]))


def _nodes(session: Session, conversation_id: str) -> list[Message]:
    """Return every message without its text."""
    nodes: list[Message] = []
    place: dict[str, str] = {}
    while True:
        page = session.call("message.tree", {"conversation_id": conversation_id, **place})
        nodes += page["nodes"]
        if page.get("next") is None:
            return nodes
        place = {"cursor": page["next"]}


def text_of(message: Message) -> str:
    """Return the text parts of a message, one behind the other; attached texts under their names."""
    return "\n\n".join(
        f"{part['name']}:\n{part['text']}" if part.get("name") else part["text"]
        for part in message["parts"]
        if part["type"] == "text"
    )


def _path(session: Session, params: dict[str, Any], known: set[str]) -> list[Message]:
    """Walk from the leaf towards the root, stopping where another branch was read already."""
    pages: list[list[Message]] = []
    before: dict[str, str] = {}
    while True:
        answer = session.call("message.list", {**params, **before, "limit": PAGE_ROWS})
        page = [message for message in answer["messages"] if message["id"] not in known]
        pages.append(page)
        if not answer["has_older"] or len(page) < len(answer["messages"]):
            return [message for page in reversed(pages) for message in page]
        before = {"before": page[0]["id"]}
