"""Where the ``chatty`` command starts: answers what costs nothing, hands the rest to the command line.

The version and the help pages are answered before Typer is imported (about 40 ms), which is why
this module imports nothing at its top but what Python itself has loaded. It parses no options and
knows no command.
"""

import os
import sys


def main() -> int:
    """Run the command line with the arguments of this process and return its exit code."""
    try:
        ready = _ready_answer(sys.argv[1:])
        if ready is not None:
            return _print(ready)
        # Typer and the command: everything that costs time.
        from chatty.cli.entry import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        from chatty.cli.entry import interrupted_early

        return interrupted_early(sys.argv[1:])


def _ready_answer(arguments: list[str]) -> str | None:
    """Return the text that answers ``--version`` or ``--help``; ``None`` when something else is asked."""
    if "_CHATTY_COMPLETE" in os.environ:
        return None  # a shell asks what may stand there, not what it says
    if arguments == ["--version"]:
        from chatty import __version__

        return f"chatty {__version__}\n"
    if arguments and arguments[-1] in ("--help", "-h"):
        from chatty.cli.help_pages import page

        return page(arguments[:-1])
    return None


def _print(text: str) -> int:
    from chatty.cli.output.streams import write_out

    try:
        write_out(text)
    except BrokenPipeError:
        return 141
    except Exception as error:
        from chatty.cli.entry import failed

        return failed(error, sys.argv[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
