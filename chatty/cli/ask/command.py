"""``chatty ask``: takes the words of the command line and starts the exchange."""

from chatty.cli.arguments import AsJson, ModelOption, ProjectOption
from chatty.cli.ask import parameters as given
from chatty.cli.ask.options import AskOptions, check, model_params, output
from chatty.cli.errors import Leave

EXAMPLE = 'git diff | chatty ask "write the commit message"'


def ask(
    text: given.Text = None,
    model: ModelOption = None,
    system: given.System = None,
    project: ProjectOption = None,
    file: given.Files = None,
    continue_last: given.ContinueLast = False,
    conversation: given.ConversationOption = None,
    as_json: AsJson = False,
    as_jsonl: given.AsJsonLines = False,
    raw: given.Raw = False,
    option: given.ModelParams = None,
    max_tokens: given.MaxTokens = None,
    timeout: given.Timeout = None,
    detach: given.Detach = False,
    ephemeral: given.Ephemeral = False,
    no_stream: given.NoStream = False,
    timing: given.Timing = False,
    no_stdin: given.NoStdin = False,
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
        output=output(as_json, as_jsonl),
        is_raw=raw,
        params=model_params(option or [], max_tokens),
        timeout_seconds=timeout,
        is_detached=detach,
        is_ephemeral=ephemeral,
        streams=not no_stream,
        shows_timing=timing,
        reads_stdin=not no_stdin,
    )
    check(options)
    from chatty.cli.ask.exchange import run

    raise Leave(run(options))
