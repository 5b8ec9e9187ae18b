"""What a command did, in one line for people: on standard output, because it is the command's result."""

from chatty.cli.output.streams import write_out
from chatty.rendering.sanitizer import sanitize


def say(line: str) -> None:
    """Print one sanitised line."""
    write_out(sanitize(line, multiline=False) + "\n")
