"""What a client sees that knew nothing before."""

from collections.abc import Iterable
from typing import Any

from chatty.client.connection import Client
from chatty.client.updates import Snapshot
from chatty.client.view import ConversationView, PartView


async def fresh_views(client: Client, conversation_ids: Iterable[str]) -> dict[str, ConversationView]:
    """Return each conversation as a snapshot shows it to a newcomer."""
    views = {}
    for conversation_id in conversation_ids:
        subscription = client.subscribe(conversation_id, limit=200)
        update = await anext(subscription)
        assert isinstance(update, Snapshot)
        view = ConversationView()
        view.apply(update)
        views[conversation_id] = view
        await subscription.close()
    return views


def everything_of(part: PartView) -> dict[str, Any]:
    """Return what can be seen of a part, as one comparable value."""
    names = ("type", "text", "name", "status", "generation", "data")
    return {name: getattr(part, name) for name in names}
