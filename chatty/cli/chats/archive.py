"""``chatty chats archive``."""

from chatty.cli import references
from chatty.cli.arguments import AsJson, Conversations
from chatty.cli.chats.changes import change_each
from chatty.cli.session import Session

EXAMPLE = "chatty chats archive last"


def archive_chats(conversations: Conversations, as_json: AsJson = False) -> None:
    """Put conversations away; they are still found by search."""
    session = Session()
    ids = [references.conversation(session, reference)["id"] for reference in conversations]
    change_each(session, "conversation.archive", ids, "archived", undo=True, as_json=as_json)
