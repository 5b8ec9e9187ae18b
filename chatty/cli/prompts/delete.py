"""``chatty prompts delete``."""

from chatty.cli.arguments import AsJson, ProjectOption, PromptArgument, Yes
from chatty.cli.confirmation import confirm
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.prompts.arguments import prompt
from chatty.cli.session import Session

EXAMPLE = "chatty prompts delete review"


def delete_prompt(
    name: PromptArgument, project: ProjectOption = None, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Delete a prompt with its versions."""
    session = Session()
    found = prompt(session, name, project)
    count = found["latest"]["n"]
    with_all = "its version" if count == 1 else f"its {count} versions"
    confirm(f"Delete the prompt {{}} with {with_all}?", found["name"], is_given=yes)
    session.call("prompt.delete", {"prompt_id": found["id"]})
    if as_json:
        print_json({"id": found["id"], "status": "deleted"})
    else:
        say(f"deleted {found['name']}")
