"""``chatty projects archive``."""

from chatty.cli import references
from chatty.cli.arguments import AsJson, ProjectArgument
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session

EXAMPLE = "chatty projects archive garden"


def archive_project(name: ProjectArgument, as_json: AsJson = False) -> None:
    """Put a project away with its conversations."""
    session = Session()
    found = references.project(session, name)
    session.call("project.archive", {"project_id": found["id"]})
    if as_json:
        print_json({"id": found["id"], "status": "archived"})
    else:
        say(f"archived {found['name']}")
