"""``chatty projects show``."""

from chatty.cli import references
from chatty.cli.arguments import AsJson, ProjectArgument
from chatty.cli.projects.output import print_project
from chatty.cli.session import Session

EXAMPLE = "chatty projects show garden"


def show_project(name: ProjectArgument, as_json: AsJson = False) -> None:
    """Show a project and its instructions."""
    print_project(references.project(Session(), name), as_json=as_json)
