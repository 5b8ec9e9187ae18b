"""What ``chatty ask`` says besides the answer itself: objects for scripts, and how it failed."""

from typing import Any

from chatty.cli.ask.options import AskOptions
from chatty.cli.errors import error_line, error_object
from chatty.cli.output.streams import write_note
from chatty.protocol.errors import ProtocolError


def say_error(
    error: ProtocolError, options: AskOptions, answer: dict[str, Any], *, safe: str | None = None
) -> None:
    """Say the error as the output asks for: one line, the whole answer, or one more line of events.

    Args:
        answer: the object that ``--json`` prints.
        safe: what is kept, where the error's own sentence does not know it.
    """
    match options.output:
        case "text":
            write_note(error_line(error, safe=safe))
        case "json":
            print_object(answer)
        case "jsonl":
            print_object({"error": error_object(error)})


def print_object(value: dict[str, Any]) -> None:
    """Print one object on a line."""
    # json costs 3 ms; the text path does without it.
    from chatty.cli.output.json import print_json

    print_json(value)
