"""``chatty projects restore``."""

from chatty.cli import references
from chatty.cli.arguments import AsJson, ProjectArgument
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session

EXAMPLE = "chatty projects restore garden"


def restore_project(name: ProjectArgument, as_json: AsJson = False) -> None:
    """Bring back a project that was archived."""
    session = Session()
    found = references.project(session, name)
    session.call("project.restore", {"project_id": found["id"]})
    if as_json:
        print_json({"id": found["id"], "status": "restored"})
    else:
        say(f"restored {found['name']}")
