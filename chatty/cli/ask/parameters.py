"""The options of ``chatty ask`` as they are declared to Typer: names, metavariables, help. No logic."""

from typing import Annotated

import typer

from chatty.cli.arguments import complete_conversations

Text = Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="The question.")]

System = Annotated[
    str | None, typer.Option("-s", "--system", metavar="TEXT", help="Instructions for this answer.")
]

Files = Annotated[
    list[str] | None,
    typer.Option(
        "-f", "--file", metavar="PATH", help="Send a text file along; - is standard input. Repeatable."
    ),
]

ContinueLast = Annotated[bool, typer.Option("-c", "--continue", help="Go on with the last conversation.")]

ConversationOption = Annotated[
    str | None,
    typer.Option(
        "--conversation",
        metavar="ID",
        help="Go on with this conversation.",
        autocompletion=complete_conversations,
    ),
]

AsJsonLines = Annotated[bool, typer.Option("--jsonl", help="Print events as they come, one per line.")]

Raw = Annotated[bool, typer.Option("--raw", help="No Markdown, even on a terminal.")]

ModelParams = Annotated[
    list[str] | None,
    typer.Option("-o", "--option", metavar="KEY=VALUE", help="An option for the model. Repeatable."),
]

MaxTokens = Annotated[
    int | None, typer.Option("--max-tokens", metavar="N", min=1, help="Tokens of the answer at most.")
]

Timeout = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", min=0.001, max=86400, help="Give up after this time."),
]

Detach = Annotated[
    bool, typer.Option("--detach", help="Print the conversation's id and leave; the server carries on.")
]

Ephemeral = Annotated[bool, typer.Option("--ephemeral", help="Keep nothing anywhere.")]

NoStream = Annotated[bool, typer.Option("--no-stream", help="Print the answer when it is whole.")]

Timing = Annotated[bool, typer.Option("--timing", help="Say on standard error how long it took.")]

NoStdin = Annotated[bool, typer.Option("--no-stdin", help="Do not read standard input.")]
