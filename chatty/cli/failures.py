"""How a command that failed says so: in the form its caller asked for, and by its exit code."""

from typing import Any, Literal

from chatty.cli.errors import error_line, error_object
from chatty.cli.exit_codes import ExitCode, exit_code
from chatty.cli.output.streams import write_note
from chatty.protocol.errors import ProtocolError

ErrorForm = Literal["line", "object", "answer"]
"""A line for people, an object for scripts, or the object of an answer that never came (``ask --json``)."""


def say_failure(error: ProtocolError, form: ErrorForm) -> ExitCode:
    """Say the error and return its exit code.

    Raises:
        BrokenPipeError: nobody reads the object.
        ProtocolError: ``storage/output``: the object cannot be written.
    """
    if form == "line":
        write_note(error_line(error))
    else:
        # json costs 3 ms, for scripts.
        from chatty.cli.output.json import print_json

        print_json(_whole_answer(error) if form == "answer" else {"error": error_object(error)})
    return exit_code(error.type)


def error_form(arguments: list[str]) -> ErrorForm:
    """Tell how an error is to be said: the options that ask for an object stand before any ``--``."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in options:
        return "answer" if _command(options) == "ask" else "object"
    return "object" if "--jsonl" in options else "line"


def _command(words: list[str]) -> str | None:
    """Return the first word that is neither an option of the root nor the value of one."""
    rest = iter(words)
    for word in rest:
        if word == "--server":
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return None


def _whole_answer(error: ProtocolError) -> dict[str, Any]:
    from chatty.cli.ask.result import document

    return document(None, None, None, error=error)
