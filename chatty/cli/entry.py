"""One run of the command line: parse, invoke, and turn every way of ending into one exit code.

The only catch-all of the package is here. It knows no command.
"""

import signal
import sys
from types import FrameType
from typing import NoReturn

from chatty.cli.errors import Leave, report, usage_error
from chatty.cli.exit_codes import ExitCode
from chatty.cli.output.streams import hold_descriptors, write_note
from chatty.protocol.errors import ProtocolError


class Terminated(BaseException):
    """SIGTERM came: unwind, so that what is open is closed."""


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code. Never raises, never prints a traceback unasked."""
    hold_descriptors()
    signal.signal(signal.SIGTERM, _terminate)
    arguments, debug = _without_debug(arguments)
    try:
        return _invoke(arguments)
    except Leave as leave:
        return leave.code
    except ProtocolError as error:
        return _said(error, arguments, debug=debug)
    except KeyboardInterrupt:
        return _said(ProtocolError("cancelled", "interrupted"), arguments)
    except Terminated:
        _said(ProtocolError("cancelled", "terminated"), arguments)
        return ExitCode.TERMINATED
    except BrokenPipeError:
        return ExitCode.CLOSED_PIPE
    except Exception as error:
        return _unexpected(error, arguments, debug=debug)
    finally:
        # From here on ctrl+c could only hit the interpreter's own shutdown, with a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _invoke(arguments: list[str]) -> int:
    if not arguments:
        from chatty.cli.screen import open_screen

        return open_screen()
    # Typer: about 40 ms, paid by every command and by no help page.
    import typer

    from chatty.cli.app import root_command
    from chatty.cli.completion.candidates import complete_if_asked

    # The class that all of Typer's complaints about arguments share has no public name of its own.
    complaint: type[Exception] = typer.BadParameter.__mro__[1]
    command = root_command()
    if complete_if_asked(command, arguments):
        return ExitCode.DONE
    try:
        with command.make_context("chatty", list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as finished:
        if sys.stdout is not None:
            sys.stdout.flush()
        return finished.exit_code
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except complaint as error:
        raise usage_error(_one_line(error)) from None
    return ExitCode.DONE


def _one_line(complaint: BaseException) -> str:
    context = getattr(complaint, "ctx", None)
    sentence = " ".join(complaint.format_message().split()).rstrip(".")  # type: ignore[attr-defined]
    words = context.command_path if context is not None else "chatty"
    return f"{sentence[:1].lower()}{sentence[1:]}; see: {words} --help"


def _said(error: ProtocolError, arguments: list[str], *, debug: bool = False) -> int:
    if debug:
        _print_traceback(error)
    try:
        return report(error, as_json=wants_json(arguments))
    except BrokenPipeError:
        return ExitCode.CLOSED_PIPE


def _unexpected(error: Exception, arguments: list[str], *, debug: bool) -> int:
    from chatty.cli.bug_reports import report_bug

    if debug:
        _print_traceback(error)
    try:
        return report_bug(error, as_json=wants_json(arguments))
    except BrokenPipeError:
        return ExitCode.CLOSED_PIPE


def wants_json(arguments: list[str]) -> bool:
    """Tell whether errors are to be printed as an object: the option stands before any ``--``."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options or "--jsonl" in options


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """Take ``--debug`` out wherever it stands before ``--``, so that every command understands it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [word for word in arguments[:end] if word != "--debug"]
    return kept + arguments[end:], len(kept) < end


def _print_traceback(error: BaseException) -> None:
    import traceback

    write_note("".join(traceback.format_exception(error)).rstrip())


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
