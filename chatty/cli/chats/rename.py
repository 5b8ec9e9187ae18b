"""``chatty chats rename``."""

from typing import Annotated

import typer

from chatty.cli import references
from chatty.cli.arguments import AsJson, Conversation
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session

EXAMPLE = 'chatty chats rename last "Plans for the garden"'


def rename_chat(
    conversation: Conversation,
    title: Annotated[list[str], typer.Argument(metavar="TITLE...", help="The new title.")],
    as_json: AsJson = False,
) -> None:
    """Give a conversation another title."""
    session = Session()
    found = references.conversation(session, conversation)
    answer = session.call("conversation.update", {"conversation_id": found["id"], "title": " ".join(title)})
    if as_json:
        print_json({"conversation": answer["conversation"]})
    else:
        say(f"renamed: {answer['conversation']['title']}")
