"""``chatty projects delete``."""

from chatty.cli import references
from chatty.cli.arguments import AsJson, ProjectArgument, Yes
from chatty.cli.confirmation import confirm
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session

EXAMPLE = "chatty projects delete garden"


def delete_project(name: ProjectArgument, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a project. Its conversations stay."""
    session = Session()
    found = references.project(session, name)
    confirm("Delete the project {}?", found["name"], is_given=yes)
    session.call("project.delete", {"project_id": found["id"]})
    if as_json:
        print_json({"id": found["id"], "status": "deleted"})
    else:
        say(f"deleted {found['name']}")
