"""``chatty projects delete``."""

from chatty.cli import references
from chatty.cli.arguments import AsJson, ProjectArgument
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session

EXAMPLE = "chatty projects delete garden"


def delete_project(name: ProjectArgument, as_json: AsJson = False) -> None:
    """Delete a project. Its conversations stay."""
    session = Session()
    found = references.project(session, name)
    session.call("project.delete", {"project_id": found["id"]})
    if as_json:
        print_json({"id": found["id"], "status": "deleted"})
    else:
        say(f"deleted {found['name']}")
