"""``chatty prompts list``."""

from chatty.cli.arguments import AsJson, CursorOption, Limit, ProjectOption
from chatty.cli.output.json import print_items
from chatty.cli.output.tables import print_table
from chatty.cli.prompts.arguments import project_id
from chatty.cli.session import Session

EXAMPLE = "chatty prompts list --project garden"


def list_prompts(
    limit: Limit = 50, cursor: CursorOption = None, project: ProjectOption = None, as_json: AsJson = False
) -> None:
    """List prompts by name."""
    session = Session()
    within = project_id(session, project)
    params = {"project_id": within} if within else {}
    rows, following = session.page("prompt.list", params, limit=limit, cursor=cursor)
    if as_json:
        print_items(rows, following)
        return
    print_table(
        ("NAME", "VERSION", "VARIABLES", "TITLE"),
        [
            (
                row["name"],
                str(row["latest"]["n"]),
                ", ".join(row["latest"]["variables"]) or "-",
                row.get("title") or row["latest"]["body"],
            )
            for row in rows
        ],
        empty="no prompts yet; write one with: chatty prompts new NAME",
    )
