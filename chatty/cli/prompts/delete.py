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
    confirm(f"Delete the prompt {found['name']} with its {found['latest']['n']} versions?", is_given=yes)
    session.call("prompt.delete", {"prompt_id": found["id"]})
    if as_json:
        print_json({"id": found["id"], "status": "deleted"})
    else:
        say(f"deleted {found['name']}")
