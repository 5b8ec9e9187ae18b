"""Options that several commands share, and how their values are completed in the shell."""

from typing import Annotated

import typer


def complete_conversations(incomplete: str) -> list[tuple[str, str]]:
    """Offer ``last`` and the newest conversations by id, with their titles."""
    from chatty.cli.completion.names import conversations

    return conversations(incomplete)


def complete_models(incomplete: str) -> list[str]:
    """Offer the models that can be asked now."""
    from chatty.cli.completion.names import models

    return models(incomplete)


def complete_projects(incomplete: str) -> list[str]:
    """Offer the names of projects."""
    from chatty.cli.completion.names import projects

    return projects(incomplete)


def complete_prompts(incomplete: str) -> list[str]:
    """Offer the names of prompts."""
    from chatty.cli.completion.names import prompts

    return prompts(incomplete)


def complete_providers(incomplete: str) -> list[str]:
    """Offer the names of providers."""
    from chatty.cli.completion.names import providers

    return providers(incomplete)


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

Conversation = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help='A conversation: its id, the beginning of it, or "last".',
        autocompletion=complete_conversations,
    ),
]

Conversations = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...",
        help='Conversations: ids, their beginnings, or "last".',
        autocompletion=complete_conversations,
    ),
]

DeletedConversations = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Conversations: ids or their beginnings.")
]

ProjectArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A project: its name or id.", autocompletion=complete_projects)
]

ProjectOption = Annotated[
    str | None,
    typer.Option(
        "--project", metavar="NAME", help="The project, by name or id.", autocompletion=complete_projects
    ),
]

PromptArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A prompt: its name or id.", autocompletion=complete_prompts)
]

ProviderArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The provider.", autocompletion=complete_providers)
]

ModelOption = Annotated[
    str | None,
    typer.Option(
        "-m",
        "--model",
        metavar="PROVIDER/MODEL",
        help="The model to ask.",
        autocompletion=complete_models,
    ),
]

Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask first.")]

Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10000, help="How many at most.")]
CursorOption = Annotated[
    str | None, typer.Option("--cursor", metavar="CURSOR", help='Go on behind a list: its "next".')
]
