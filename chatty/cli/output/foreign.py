"""Foreign text on standard output: verbatim into a pipe or a file, sanitised for a person's terminal."""

from typing import Any

from chatty.cli.output.streams import out_is_terminal, write_out
from chatty.rendering.sanitizer import sanitize


def write_foreign(text: str) -> None:
    """Write text that is not ours as standard output wants it."""
    write_out(sanitize(text) if out_is_terminal() else text)


def write_path(path: str) -> None:
    """Write a path on a line of its own; every name in it was chosen by somebody."""
    shown = "/".join(map(sanitize, path.split("/"))) if out_is_terminal() else path
    write_out(shown + "\n")


def for_terminal(value: Any) -> Any:
    """Return a copy of a JSON value with every text in it sanitised.

    Each text on its own: an escape sequence that one of them leaves unfinished must not take in what
    stands behind it.
    """
    match value:
        case str():
            return sanitize(value)
        case list():
            return [for_terminal(one) for one in value]
        case dict():
            return {key: for_terminal(one) for key, one in value.items()}
        case _:
            return value
