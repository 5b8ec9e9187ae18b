"""``chatty prompts show``."""

from typing import Annotated

import typer

from chatty.cli.arguments import AsJson, ProjectOption, PromptArgument
from chatty.cli.output.json import print_json
from chatty.cli.output.streams import out_is_terminal, write_out
from chatty.cli.prompts.arguments import prompt
from chatty.cli.prompts.output import print_prompt
from chatty.cli.session import Session
from chatty.protocol.errors import ProtocolError
from chatty.rendering.sanitizer import sanitize

EXAMPLE = "chatty prompts show review --body > review.md"


def show_prompt(
    name: PromptArgument,
    version: Annotated[
        int | None, typer.Option("--version", metavar="N", min=1, help="A version; else the newest.")
    ] = None,
    body: Annotated[bool, typer.Option("--body", help="Print the text and nothing else.")] = False,
    project: ProjectOption = None,
    as_json: AsJson = False,
) -> None:
    """Show a prompt."""
    session = Session()
    found = prompt(session, name, project)
    if version is not None:
        found = {**found, "latest": _version(session, found, version)}
    if body and as_json:
        print_json({"body": found["latest"]["body"]})
    elif body:
        _print_body(found["latest"]["body"])
    else:
        print_prompt(found, as_json=as_json)


def _version(session: Session, found: dict[str, object], number: int) -> object:
    for version in session.call("prompt.versions", {"prompt_id": found["id"]})["items"]:
        if version["n"] == number:
            return version
    raise ProtocolError(
        "not_found",
        f'"{found["name"]}" has no version {number}; see: chatty prompts versions {found["name"]}',
    )


def _print_body(text: str) -> None:
    """Into a pipe the text goes verbatim; a person's prompt stands on a line of its own."""
    if out_is_terminal():
        text = sanitize(text).rstrip("\n") + "\n"
    write_out(text)
