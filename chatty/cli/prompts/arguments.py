"""Options of the commands that write a prompt, and the way from a name to a prompt."""

from typing import Annotated, Any

import typer

from chatty.cli import references
from chatty.cli.session import Session

Body = Annotated[str | None, typer.Option("--body", metavar="TEXT", help="The text of the prompt.")]
BodyFile = Annotated[
    str | None,
    typer.Option("-f", "--file", metavar="PATH", help="Read the text from a file; - is standard input."),
]
Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why this version was written.")]
Title = Annotated[str | None, typer.Option("--title", metavar="TEXT", help="What it is for, in a few words.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="WORD", help="A tag. Repeatable.")]


def project_id(session: Session, project: str | None) -> str | None:
    """Return the id of the project that is named, ``None`` if none is."""
    return None if project is None else str(references.project(session, project)["id"])


def prompt(session: Session, name: str, project: str | None) -> dict[str, Any]:
    """Return the prompt of that name, in the project if one is named."""
    return references.prompt(session, name, project_id(session, project))
