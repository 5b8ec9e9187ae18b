"""``chatty ask``: declares the options, checks what they mean together, and starts the exchange."""

from typing import Annotated

import typer

from chatty.cli.arguments import AsJson, ModelOption, ProjectOption, complete_conversations
from chatty.cli.ask.options import AskOptions, Output
from chatty.cli.errors import Leave, usage_error

EXAMPLE = 'git diff | chatty ask "write the commit message"'


def ask(
    text: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="The question.")] = None,
    model: ModelOption = None,
    system: Annotated[
        str | None, typer.Option("-s", "--system", metavar="TEXT", help="Instructions for this answer.")
    ] = None,
    project: ProjectOption = None,
    file: Annotated[
        list[str] | None,
        typer.Option(
            "-f", "--file", metavar="PATH", help="Send a text file along; - is standard input. Repeatable."
        ),
    ] = None,
    continue_last: Annotated[
        bool, typer.Option("-c", "--continue", help="Go on with the last conversation.")
    ] = False,
    conversation: Annotated[
        str | None,
        typer.Option(
            "--conversation",
            metavar="ID",
            help="Go on with this conversation.",
            autocompletion=complete_conversations,
        ),
    ] = None,
    as_json: AsJson = False,
    as_jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print events as they come, one per line.")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", help="No Markdown, even on a terminal.")] = False,
    option: Annotated[
        list[str] | None,
        typer.Option("-o", "--option", metavar="KEY=VALUE", help="An option for the model. Repeatable."),
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", metavar="N", min=1, help="Tokens of the answer at most.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=0.001, max=86400, help="Give up after this time."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Print the conversation's id and leave; the server carries on.")
    ] = False,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="Keep nothing anywhere.")] = False,
    no_stream: Annotated[
        bool, typer.Option("--no-stream", help="Print the answer when it is whole.")
    ] = False,
    timing: Annotated[bool, typer.Option("--timing", help="Say on standard error how long it took.")] = False,
    no_stdin: Annotated[bool, typer.Option("--no-stdin", help="Do not read standard input.")] = False,
) -> None:
    """Ask for one answer.

    Standard input, when piped, is sent along. Into a pipe the answer is the model's text and nothing
    else; on a terminal it is shown as Markdown. Ctrl+C stops the answer and keeps what came.
    """
    options = AskOptions(
        words=tuple(text or ()),
        model=model,
        system=system,
        project=project,
        files=tuple(file or ()),
        continue_last=continue_last,
        conversation=conversation,
        output=_output(as_json, as_jsonl),
        is_raw=raw,
        params=_params(option or [], max_tokens),
        timeout_seconds=timeout,
        is_detached=detach,
        is_ephemeral=ephemeral,
        streams=not no_stream,
        shows_timing=timing,
        reads_stdin=not no_stdin,
    )
    _check(options)
    from chatty.cli.ask.exchange import run

    raise Leave(run(options))


def _output(as_json: bool, as_jsonl: bool) -> Output:
    if as_json and as_jsonl:
        raise usage_error("--json and --jsonl exclude each other; give one of them")
    return "json" if as_json else "jsonl" if as_jsonl else "text"


def _check(options: AskOptions) -> None:
    """Refuse combinations that contradict themselves."""
    goes_on = options.continue_last or options.conversation is not None
    if options.continue_last and options.conversation is not None:
        raise usage_error("--continue and --conversation name two conversations; give one of them")
    if options.is_ephemeral and goes_on:
        raise usage_error("--ephemeral keeps nothing, so it cannot go on with a conversation")
    if options.is_ephemeral and options.is_detached:
        raise usage_error(
            "--ephemeral keeps nothing, so there would be nothing to come back to: drop --detach"
        )
    if options.project is not None and goes_on:
        raise usage_error("--project is for new conversations; this one has its place already")


def _params(pairs: list[str], max_tokens: int | None) -> tuple[tuple[str, object], ...]:
    params: dict[str, object] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise usage_error(f'-o takes KEY=VALUE, for example -o temperature=0.2; "{pair}" is not that')
        params[key] = _value(value)
    if max_tokens is not None:
        params["max_tokens"] = max_tokens
    return tuple(params.items())


def _value(text: str) -> object:
    """Read a number, true, false, null, a list or an object as JSON; everything else is a string."""
    import json

    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value
