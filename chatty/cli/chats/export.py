"""``chatty chats export``."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from chatty.cli import references
from chatty.cli.arguments import Conversations
from chatty.cli.chats import transcript
from chatty.cli.output.files import is_terminal, write_result
from chatty.cli.output.foreign import for_terminal
from chatty.cli.output.streams import write_note
from chatty.cli.session import Session

EXAMPLE = "chatty chats export last --format html -o answer.html"


class Format(StrEnum):
    """The formats of an export; ``json`` and ``jsonl`` can be imported again."""

    MARKDOWN = "markdown"
    JSON = "json"
    JSONL = "jsonl"
    HTML = "html"


def export_chats(
    conversations: Conversations,
    export_format: Annotated[
        Format,
        typer.Option(
            "--format",
            help="Markdown and HTML are to read; JSON and JSONL can be imported again.",
            show_default=True,
        ),
    ] = Format.MARKDOWN,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write to a file instead.")
    ] = None,
) -> None:
    """Export conversations, with all their branches in JSON and JSONL."""
    session = Session()
    found = [references.conversation(session, reference) for reference in conversations]
    is_replaced = output is not None and os.path.isfile(output)
    write_result(_rendered(session, found, export_format, for_person=is_terminal(output)), output)
    if output is not None and os.path.isfile(output) and output != "-":
        _say_what_was_written(len(found), output, is_replaced=is_replaced)


def _say_what_was_written(count: int, path: str, *, is_replaced: bool) -> None:
    from chatty.rendering.sanitizer import sanitize

    what = f"{count} conversation{'' if count == 1 else 's'} to {sanitize(path, multiline=False)}"
    write_note(f"chatty: wrote {what}{', replacing what was there' if is_replaced else ''}")


def _rendered(
    session: Session, found: list[dict[str, object]], export_format: Format, *, for_person: bool
) -> str:
    from chatty.cli.chats.formats import html, markdown, own

    if export_format in (Format.JSON, Format.JSONL):
        exported = [session.call("conversation.export", {"conversation_id": one["id"]}) for one in found]
        return own.to_json(exported) if export_format is Format.JSON else own.to_jsonl(exported)
    chats = [(one, transcript.path_in_use(session, str(one["id"]))) for one in found]
    if export_format is Format.HTML:
        return html.to_html(chats)
    if for_person:
        chats = [(for_terminal(one), for_terminal(messages)) for one, messages in chats]
    return "\n".join(markdown.to_markdown(*chat) for chat in chats)
