"""``chatty prompts edit``."""

from typing import Annotated, Any

import typer

from chatty.cli.arguments import AsJson, ProjectOption, PromptArgument
from chatty.cli.prompts.arguments import Body, BodyFile, Note, Tags, Title, prompt
from chatty.cli.prompts.output import print_prompt
from chatty.cli.session import Session
from chatty.cli.text_input import longer_text

EXAMPLE = 'chatty prompts edit review -f review.md --note "Shorter."'


def edit_prompt(
    name: PromptArgument,
    new_name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Another name.")] = None,
    body: Body = None,
    file: BodyFile = None,
    project: ProjectOption = None,
    title: Title = None,
    tag: Tags = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Change a prompt.

    A changed text becomes a new version, and the old ones stay. Without options it opens your editor.
    """
    session = Session()
    found = prompt(session, name, project)
    given = {"name": new_name, "title": title, "tags": tag}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if body is not None or file is not None or not changes:
        changes["body"] = longer_text(body, file, start=found["latest"]["body"], what="prompt")
    if note is not None:
        changes["note"] = note
    params = {"prompt_id": found["id"], "if_version": found["version"], **changes}
    print_prompt(session.call("prompt.update", params)["prompt"], as_json=as_json)
