"""``chatty`` without a command: the options of the full-screen client, and the way into it.

The client itself is ``chatty.tui``; with ``--plain`` it is a line-by-line chat in ``plain_chat``.
"""

import os
from typing import Annotated, Any

import typer

from chatty.cli.arguments import complete_conversations, complete_models, complete_projects
from chatty.cli.errors import refuse_empty, usage_error
from chatty.cli.screen import open_screen, require_terminal
from chatty.protocol.errors import ProtocolError

EXAMPLE = "chatty -c"


def full_screen(
    context: typer.Context,
    continue_last: Annotated[
        bool, typer.Option("-c", "--continue", help="Go on with the last conversation.")
    ] = False,
    conversation: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Open this conversation.", autocompletion=complete_conversations),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Work in this project.", autocompletion=complete_projects),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "-m", "--model", metavar="PROVIDER/MODEL", help="Ask this model.", autocompletion=complete_models
        ),
    ] = None,
    server: Annotated[
        str | None, typer.Option(metavar="NAME", help="Talk to this server instead of the local one.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Chat line by line, without a screen.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Print tracebacks; works with every command.")
    ] = False,
) -> None:
    """Open the full-screen client, unless a command was named."""
    if server is not None:
        # Every command reads the server from the environment; the option is short for setting it.
        os.environ["CHATTY_SERVER"] = server
    if context.invoked_subcommand is not None:
        if continue_last or conversation is not None or project or model or plain:
            raise usage_error(
                "options of the full-screen client stand before a command; put them behind it: "
                f"chatty {context.invoked_subcommand} --help"
            )
        return
    if version:
        _print_version()
        return
    for name, value in (("--conversation", conversation), ("--project", project), ("--model", model)):
        refuse_empty(name, value)
    if conversation and continue_last:
        raise usage_error("--continue and --conversation name two conversations; give one of them")
    choices: dict[str, Any] = {
        "continue_last": continue_last,
        "conversation": conversation,
        "project": project,
        "model": model,
    }
    if plain:
        from chatty.cli.plain_chat import run as run_plain

        require_terminal()
        run_plain(**choices)
    else:
        require_terminal()
        if conversation is not None:
            choices["conversation"] = _found(conversation)
        raise typer.Exit(open_screen(server=server, **choices))


def _found(conversation: str) -> str:
    """Return the id of the conversation that is meant; without a server the screen says what is wrong.

    Raises:
        ProtocolError: ``not_found``, or wrong usage, before anything is drawn.
    """
    from chatty.cli.references import conversation as meant
    from chatty.cli.session import Session

    try:
        return str(meant(Session(), conversation)["id"])
    except ProtocolError as error:
        if error.family in ("not_found", "invalid_params"):
            raise
        return conversation


def _print_version() -> None:
    from chatty import __version__
    from chatty.cli.output.streams import write_out

    write_out(f"chatty {__version__}\n")
