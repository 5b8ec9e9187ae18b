"""``chatty chats list``."""

from typing import Annotated, Any

import typer

from chatty.cli import references
from chatty.cli.arguments import AsJson, CursorOption, Limit, ProjectOption
from chatty.cli.errors import usage_error
from chatty.cli.output.json import print_items
from chatty.cli.output.tables import print_table
from chatty.cli.output.times import ago
from chatty.cli.session import Session

EXAMPLE = "chatty chats list --limit 5"

_NONE_YET = 'no conversations yet; start one with: chatty ask "hello"'


def list_chats(
    limit: Limit = 20,
    cursor: CursorOption = None,
    project: ProjectOption = None,
    archived: Annotated[bool, typer.Option("--archived", help="The archived ones instead.")] = False,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Those that can still be restored instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List conversations, newest activity first."""
    if deleted and (archived or cursor or project):
        raise usage_error("--deleted goes with --limit and --json only")
    session = Session()
    if deleted:
        rows, following = references.deleted_conversations(session)[:limit], None
    else:
        params: dict[str, Any] = {"archived": archived}
        if project is not None:
            params["project_id"] = references.project(session, project)["id"]
        rows, following = session.page("conversation.list", params, limit=limit, cursor=cursor)
    if as_json:
        print_items(rows, following)
        return
    print_table(
        ("ID", "ACTIVE", "MESSAGES", "TITLE"),
        [_row(row) for row in rows],
        empty=_none(archived, deleted),
    )


def _none(archived: bool, deleted: bool) -> str:
    if deleted:
        return "nothing was deleted that can be restored"
    return "no conversation is archived" if archived else _NONE_YET


def _row(conversation: dict[str, Any]) -> tuple[str, ...]:
    return (
        references.short_id(conversation["id"]),
        "answering" if conversation.get("is_answering") else ago(conversation.get("last_message_at")),
        str(conversation["message_count"]),
        conversation["title"],
    )
