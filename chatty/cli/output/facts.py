"""One thing in words: a name and a value per line, sanitised."""

from collections.abc import Mapping

from chatty.cli.output.streams import write_out
from chatty.rendering.sanitizer import sanitize


def print_facts(facts: Mapping[str, object]) -> None:
    """Print the facts that are known, aligned; values of several lines are indented under their name."""
    texts = {name: _shown(value) for name, value in facts.items() if value is not None}
    known = {name: text for name, text in texts.items() if text}
    width = max(map(len, known), default=0)
    indent = "\n" + " " * (width + 2)
    for name, value in known.items():
        write_out(f"{name.ljust(width)}  {indent.join(value.splitlines())}\n")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value))
    return sanitize(str(value))
