"""``chatty chats search``."""

from typing import Annotated, Any

import typer

from chatty.cli import references
from chatty.cli.arguments import AsJson, CursorOption, Limit, ProjectOption
from chatty.cli.output.json import print_items
from chatty.cli.output.tables import cut, print_table
from chatty.cli.output.times import ago
from chatty.cli.session import Session
from chatty.rendering.sanitizer import sanitize

TITLE_CELLS = 30

EXAMPLE = "chatty chats search '\"group commit\" -redis'"


def search_chats(
    query: Annotated[
        list[str], typer.Argument(metavar="QUERY...", help='Words, "phrases", prefix* and -without.')
    ],
    limit: Limit = 20,
    cursor: CursorOption = None,
    project: ProjectOption = None,
    as_json: AsJson = False,
) -> None:
    """Search all messages, newest first."""
    session = Session()
    params: dict[str, Any] = {"query": " ".join(query)}
    if project is not None:
        params["project_id"] = references.project(session, project)["id"]
    hits, following = session.page("search.query", params, limit=limit, cursor=cursor)
    if as_json:
        # A hit in a title has no message.
        print_items([{"message_id": None, **hit} for hit in hits], following)
        return
    print_table(
        ("ID", "WHEN", "TITLE", "TEXT"),
        [
            (
                references.short_id(hit.get("conversation_id") or ""),
                ago(hit["at"]),
                cut(sanitize(hit["title"], multiline=False), TITLE_CELLS),
                hit["snippet"],
            )
            for hit in hits
        ],
        empty="nothing found; fewer words or a prefix* find more",
    )
