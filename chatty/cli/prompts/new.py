"""``chatty prompts new``."""

from typing import Annotated

import typer

from chatty.cli.arguments import AsJson, ProjectOption
from chatty.cli.prompts.arguments import Body, BodyFile, Note, Tags, Title, project_id
from chatty.cli.prompts.output import print_prompt
from chatty.cli.session import Session
from chatty.cli.text_input import longer_text
from chatty.protocol.ids import new_id

EXAMPLE = 'chatty prompts new review --body "Review this code: {{code}}"'


def new_prompt(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name, unique in its project.")],
    body: Body = None,
    file: BodyFile = None,
    project: ProjectOption = None,
    title: Title = None,
    tag: Tags = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Write a prompt.

    Without --body and -f the text comes from a pipe or your editor.
    """
    session = Session()
    params = {
        "id": new_id(),
        "name": name,
        "project_id": project_id(session, project),
        "title": title,
        "tags": tag or [],
        "body": longer_text(body, file, start="", what="prompt"),
        "note": note,
    }
    print_prompt(session.call("prompt.create", params)["prompt"], as_json=as_json)
