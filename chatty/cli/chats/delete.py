"""``chatty chats delete``."""

from chatty.cli import references
from chatty.cli.arguments import AsJson, Conversations
from chatty.cli.chats.changes import change_each
from chatty.cli.session import Session

EXAMPLE = "chatty chats delete last"


def delete_chats(conversations: Conversations, as_json: AsJson = False) -> None:
    """Delete conversations. Deleting can be undone."""
    session = Session()
    ids = [references.conversation(session, reference)["id"] for reference in conversations]
    change_each(session, "conversation.delete", ids, "deleted", undo=True, as_json=as_json)
