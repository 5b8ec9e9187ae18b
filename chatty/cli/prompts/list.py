"""``chatty prompts list``."""

from typing import Any

from chatty.cli import references
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
    projects = _project_names(session, rows)
    print_table(
        ("NAME", "PROJECT", "VERSION", "VARIABLES", "TITLE"),
        [
            (
                row["name"],
                projects.get(row.get("project_id"), "-"),
                str(row["latest"]["n"]),
                ", ".join(row["latest"]["variables"]) or "-",
                row.get("title") or row["latest"]["body"],
            )
            for row in rows
        ],
        empty="no prompts yet; write one with: chatty prompts new NAME",
    )


def _project_names(session: Session, prompts: list[dict[str, Any]]) -> dict[str | None, str]:
    """Return project id -> name, asked for only when a prompt lies in a project."""
    if not any(row.get("project_id") for row in prompts):
        return {}
    return {row["id"]: row["name"] for row in references.projects(session)}
