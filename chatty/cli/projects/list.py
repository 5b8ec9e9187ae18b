"""``chatty projects list``."""

from typing import Annotated

import typer

from chatty.cli.arguments import AsJson, CursorOption, Limit
from chatty.cli.output.json import print_items
from chatty.cli.output.tables import print_table
from chatty.cli.session import Session

EXAMPLE = "chatty projects list --json"

_NONE_YET = "no projects yet; make one with: chatty projects new NAME"


def list_projects(
    limit: Limit = 50,
    cursor: CursorOption = None,
    archived: Annotated[bool, typer.Option("--archived", help="The archived ones instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """List projects by name."""
    rows, following = Session().page("project.list", {"archived": archived}, limit=limit, cursor=cursor)
    if as_json:
        print_items(rows, following)
        return
    print_table(
        ("NAME", "MODEL", "INSTRUCTIONS"),
        [(row["name"], row.get("default_model") or "-", row.get("instructions") or "") for row in rows],
        empty="no project is archived" if archived else _NONE_YET,
    )
