"""``chatty chats fork``."""

from typing import Annotated, Any

import typer

from chatty.cli import references
from chatty.cli.arguments import AsJson, Conversation
from chatty.cli.output.foreign import write_foreign
from chatty.cli.output.json import print_json
from chatty.cli.session import Session
from chatty.protocol.ids import new_id

EXAMPLE = 'chatty chats fork last --title "Another way"'


def fork_chat(
    conversation: Conversation,
    message: Annotated[
        str | None,
        typer.Option("--message", metavar="ID", help="The last message to copy; else all of them."),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="The title of the copy.")] = None,
    as_json: AsJson = False,
) -> None:
    """Copy a conversation up to a message, and print the new id."""
    session = Session()
    found = references.conversation(session, conversation)
    params: dict[str, Any] = {"conversation_id": found["id"], "id": new_id()}
    if message is not None:
        params["message_id"] = message
    if title is not None:
        params["title"] = title
    answer = session.call("conversation.fork", params)
    if as_json:
        print_json({"conversation": answer["conversation"]})
    else:
        write_foreign(f"{answer['conversation']['id']}\n")
