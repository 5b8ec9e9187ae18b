"""``chatty projects new``."""

from typing import Annotated

import typer

from chatty.cli.arguments import AsJson, ModelOption
from chatty.cli.projects.output import print_project
from chatty.cli.session import Session
from chatty.protocol.ids import new_id

EXAMPLE = 'chatty projects new garden --instructions "Answer for a cold climate."'


def new_project(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name, unique among your projects.")],
    instructions: Annotated[
        str | None, typer.Option("--instructions", metavar="TEXT", help="Put in front of every answer.")
    ] = None,
    model: ModelOption = None,
    as_json: AsJson = False,
) -> None:
    """Make a project."""
    params = {"id": new_id(), "name": name, "instructions": instructions, "default_model": model}
    print_project(Session().call("project.create", params)["project"], as_json=as_json)
