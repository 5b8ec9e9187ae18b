"""``chatty projects edit``."""

from typing import Annotated, Any

import typer

from chatty.cli import references
from chatty.cli.arguments import AsJson, ModelOption, ProjectArgument
from chatty.cli.errors import usage_error
from chatty.cli.projects.output import print_project
from chatty.cli.session import Session

EXAMPLE = "chatty projects edit garden --name allotment"


def edit_project(
    project: ProjectArgument,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Another name.")] = None,
    instructions: Annotated[
        str | None,
        typer.Option("--instructions", metavar="TEXT", help='Put in front of every answer; "" clears them.'),
    ] = None,
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Change a project."""
    if name is not None and not name.strip():
        raise usage_error("a project needs a name; give --name some text")
    given = {"name": name, "instructions": instructions, "default_model": model}
    # The wire says null for "cleared"; on a command line that is an empty text.
    changes: dict[str, Any] = {key: value or None for key, value in given.items() if value is not None}
    if not changes:
        raise usage_error("nothing to change; give --name, --instructions or --model")
    session = Session()
    found = references.project(session, project)
    params = {"project_id": found["id"], "if_version": found["version"], **changes}
    print_project(session.call("project.update", params)["project"], as_json=as_json)
