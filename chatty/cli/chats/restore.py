"""``chatty chats restore``."""

from chatty.cli import references
from chatty.cli.arguments import AsJson, DeletedConversations
from chatty.cli.chats.changes import change_each
from chatty.cli.session import Session

EXAMPLE = "chatty chats restore 01a1f8a9-8ec8-77cb-9195-3fc14e0fac60"


def restore_chats(conversations: DeletedConversations, as_json: AsJson = False) -> None:
    """Bring back conversations that were archived or deleted.

    chatty chats list --deleted shows which.
    """
    session = Session()
    ids = [references.deleted_conversation_id(session, reference) for reference in conversations]
    change_each(session, "conversation.restore", ids, "restored", undo=False, as_json=as_json)
