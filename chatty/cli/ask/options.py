"""What was asked for on the command line, as one value, and which words make one."""

from dataclasses import dataclass
from math import isnan
from typing import Literal

from chatty.cli.errors import refuse_empty, usage_error

Output = Literal["text", "json", "jsonl"]


@dataclass(frozen=True, slots=True)
class AskOptions:
    """The options of ``chatty ask``, checked and named."""

    words: tuple[str, ...] = ()
    model: str | None = None
    system: str | None = None
    project: str | None = None
    files: tuple[str, ...] = ()
    continue_last: bool = False
    conversation: str | None = None
    output: Output = "text"
    is_raw: bool = False
    params: tuple[tuple[str, object], ...] = ()
    """Options for the provider, by the names it knows."""
    timeout_seconds: float | None = None
    is_detached: bool = False
    is_ephemeral: bool = False
    streams: bool = True
    shows_timing: bool = False
    reads_stdin: bool = True
    new_conversation: str | None = None
    """The id of the conversation that is made with the question, if it is not there yet."""
    origin: Literal["script", "tui"] = "script"
    """What a conversation made with the question came from."""


def output(as_json: bool, as_jsonl: bool) -> Output:
    """Return the one output that was chosen.

    Raises:
        ProtocolError: ``invalid_params/usage``, when there were two.
    """
    if as_json and as_jsonl:
        raise usage_error("--json and --jsonl exclude each other; give one of them")
    return "json" if as_json else "jsonl" if as_jsonl else "text"


def check(options: AskOptions) -> None:
    """Refuse combinations that contradict themselves.

    Raises:
        ProtocolError: ``invalid_params/usage``, with what to leave out.
    """
    for name, value in (
        ("--conversation", options.conversation),
        ("--project", options.project),
        ("--model", options.model),
        *(("--file", path) for path in options.files),
    ):
        refuse_empty(name, value)
    if options.timeout_seconds is not None and isnan(options.timeout_seconds):
        raise usage_error("--timeout takes a number of seconds, for example --timeout 60")
    goes_on = options.continue_last or options.conversation is not None
    if options.continue_last and options.conversation is not None:
        raise usage_error("--continue and --conversation name two conversations; give one of them")
    if options.is_ephemeral and goes_on:
        raise usage_error("--ephemeral keeps nothing, so it cannot go on with a conversation")
    if options.is_ephemeral and options.is_detached:
        raise usage_error(
            "--ephemeral keeps nothing, so there would be nothing to come back to: drop --detach"
        )
    if options.output == "jsonl" and options.is_detached:
        raise usage_error("--jsonl prints what comes, and --detach waits for nothing; use --json with it")
    if options.project is not None and goes_on:
        raise usage_error("--project is for new conversations; this one has its place already")


def model_params(pairs: list[str], max_tokens: int | None) -> tuple[tuple[str, object], ...]:
    """Return the options for the provider: ``KEY=VALUE`` as typed, and the limit of the answer.

    Raises:
        ProtocolError: ``invalid_params/usage``, for a pair that is none.
    """
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
    """Read a number, true, false, null, a list or an object as JSON; everything else is a string.

    Raises:
        ProtocolError: ``invalid_params/usage``, for what Python reads and JSON has no word for (``NaN``).
    """
    import json

    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise usage_error(f"-o takes numbers that JSON knows; {text} is none of them") from None
    return value
