"""``chatty chats show``."""

from typing import Annotated

import typer

from chatty.cli import references
from chatty.cli.arguments import AsJson, Conversation
from chatty.cli.chats import transcript
from chatty.cli.output.json import print_json
from chatty.cli.output.streams import out_is_terminal, write_out
from chatty.cli.output.usage import whole_usage
from chatty.cli.session import Session

EXAMPLE = "chatty chats show last"


def show_chat(
    conversation: Conversation,
    tree: Annotated[bool, typer.Option("--tree", help="All branches, not only the one in use.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a conversation along the path in use."""
    session = Session()
    found = references.conversation(session, conversation)
    read = transcript.whole_tree if tree else transcript.path_in_use
    messages = read(session, found["id"])
    if as_json:
        print_json({"conversation": found, "messages": [_with_text(message) for message in messages]})
        return
    # The formats cost nothing that scripts with --json should pay.
    from chatty.cli.chats.formats.markdown import to_markdown

    messages = [_from_you(message, session.user_id) for message in messages]
    if out_is_terminal():
        from chatty.cli.output.foreign import for_terminal

        found, messages = for_terminal(found), for_terminal(messages)
    write_out(to_markdown(found, messages))


def _from_you(message: transcript.Message, user_id: str | None) -> transcript.Message:
    """Call the reader what the screen calls them. An export keeps the name: others read it."""
    author = message.get("author") or {}
    is_own = author.get("id") is not None and author["id"] == user_id
    return {**message, "author": {**author, "name": "you"}} if is_own else message


def _with_text(message: transcript.Message) -> transcript.Message:
    """Add the text, and the fields that the wire leaves out when they are null."""
    usage = whole_usage(message.get("usage"))
    return {"model": None, **message, "usage": usage, "text": transcript.text_of(message)}
