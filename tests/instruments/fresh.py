"""What a client sees that knew nothing before."""

from collections.abc import Iterable
from typing import Any

from chatty.client.connection import Client
from chatty.client.updates import Snapshot
from chatty.client.view import ConversationView, PartView


async def fresh_views(client: Client, conversation_ids: Iterable[str]) -> dict[str, ConversationView]:
    """Return each conversation as a newcomer sees it that has fetched every message."""
    views = {}
    for conversation_id in conversation_ids:
        subscription = client.subscribe(conversation_id, limit=200)
        update = await anext(subscription)
        assert isinstance(update, Snapshot)
        view = ConversationView()
        view.apply(update)
        for node in await whole_tree(client, conversation_id):
            if node["id"] not in view.messages:
                params = {"conversation_id": conversation_id, "leaf": node["id"], "limit": 200}
                view.add_older(await client.call("message.list", params))
        views[conversation_id] = view
        await subscription.close()
    return views


async def whole_tree(client: Client, conversation_id: str) -> list[dict[str, Any]]:
    """Return every message of a conversation without its text."""
    nodes: list[dict[str, Any]] = []
    params: dict[str, Any] = {"conversation_id": conversation_id}
    while True:
        page = await client.call("message.tree", params)
        nodes += page["nodes"]
        if "next" not in page:
            return nodes
        params["cursor"] = page["next"]


def everything_of(part: PartView) -> dict[str, Any]:
    """Return what can be seen of a part, as one comparable value."""
    names = ("type", "text", "name", "status", "generation", "data")
    return {name: getattr(part, name) for name in names}
