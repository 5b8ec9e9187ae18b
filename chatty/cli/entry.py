"""One run of the command line: parse, invoke, and turn every way of ending into one exit code.

The only catch-all of the package is here. It knows no command.
"""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from chatty.cli.errors import Leave, usage_error
from chatty.cli.exit_codes import ExitCode
from chatty.cli.failures import error_form, say_failure
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
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return _said(ProtocolError("cancelled", "interrupted"), arguments)
    except Terminated:
        _said(ProtocolError("cancelled", "terminated"), arguments)
        return ExitCode.TERMINATED
    except BrokenPipeError:
        return ExitCode.CLOSED_PIPE
    except Exception as error:
        return failed(error, arguments, debug=debug)
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


def interrupted_early(arguments: list[str]) -> int:
    """Say that ctrl+c came while modules were still loading, and return its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _said(ProtocolError("cancelled", "interrupted; nothing had begun"), arguments)


def failed(error: Exception, arguments: list[str], *, debug: bool = False) -> int:
    """Say why the command failed and return its exit code; what nobody foresaw is a bug."""
    if debug:
        _print_traceback(error)
    if isinstance(error, ProtocolError):
        return _said(error, arguments)
    from chatty.cli.bug_reports import report_bug

    return _while_output_lasts(lambda: report_bug(error, error_form(arguments)))


def _said(error: ProtocolError, arguments: list[str]) -> int:
    return _while_output_lasts(lambda: say_failure(error, error_form(arguments)))


def _while_output_lasts(say: Callable[[], ExitCode]) -> int:
    """Say something that may have to go to standard output; when that fails, standard error is left."""
    try:
        return say()
    except BrokenPipeError:
        return ExitCode.CLOSED_PIPE
    except ProtocolError as unwritable:
        return say_failure(unwritable, "line")


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """Take ``--debug`` out wherever it stands before ``--``, so that every command understands it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [word for word in arguments[:end] if word != "--debug"]
    return kept + arguments[end:], len(kept) < end


def _print_traceback(error: BaseException) -> None:
    import traceback

    from chatty.rendering.sanitizer import sanitize

    # Its messages may quote anybody.
    write_note("".join(map(sanitize, traceback.format_exception(error))).rstrip())


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated
