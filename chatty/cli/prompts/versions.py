"""``chatty prompts versions``."""

from chatty.cli.arguments import AsJson, ProjectOption, PromptArgument
from chatty.cli.output.json import print_items
from chatty.cli.output.tables import print_table
from chatty.cli.output.times import minute
from chatty.cli.prompts.arguments import prompt
from chatty.cli.session import Session

EXAMPLE = "chatty prompts versions review"


def list_versions(name: PromptArgument, project: ProjectOption = None, as_json: AsJson = False) -> None:
    """List the versions of a prompt, newest first."""
    session = Session()
    found = prompt(session, name, project)
    versions = session.call("prompt.versions", {"prompt_id": found["id"]})["items"]
    if as_json:
        print_items(versions)
        return
    print_table(
        ("VERSION", "WRITTEN", "NOTE", "TEXT"),
        [(str(row["n"]), minute(row["created_at"]), row.get("note") or "-", row["body"]) for row in versions],
        empty="no versions",
    )
