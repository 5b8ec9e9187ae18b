"""Help pages rendered beforehand: reading one costs a file, rendering one costs Typer (about 45 ms).

The pages lie in ``help/`` as package data. After changing a command, write them again with

    python -m chatty.cli.help_pages

A test renders all of them and compares, so a forgotten page does not pass.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIRECTORY = os.path.join(os.path.dirname(__file__), "help")


def page(words: list[str]) -> str | None:
    """Return the page for the words of a command, ``None`` if there is none lying ready.

    Args:
        words: ``[]`` for the root, ``["chats", "list"]`` for a verb.
    """
    if not all(word.isalpha() and word.isascii() for word in words):
        return None
    try:
        with open(_path(words), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None


def render_all() -> dict[str, str]:
    """Render every page: file name -> text."""
    from chatty.cli.app import root_command

    return {os.path.basename(_path(words)): text for words, text in _render(root_command(), [], None)}


def write_all() -> None:
    """Write every page anew and remove those of commands that are gone."""
    pages = render_all()
    os.makedirs(DIRECTORY, exist_ok=True)
    for name in set(os.listdir(DIRECTORY)) - set(pages):
        os.remove(os.path.join(DIRECTORY, name))
    for name, text in pages.items():
        with open(os.path.join(DIRECTORY, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


def _render(command: Any, words: list[str], parent: Any) -> list[tuple[list[str], str]]:
    """Render a command and everything under it, as it would print its help itself."""
    name = (words or ["chatty"])[-1]
    context = command.context_class(command, info_name=name, parent=parent, **command.context_settings)
    rendered = [(words, command.get_help(context) + "\n")]
    for verb in command.list_commands(context) if hasattr(command, "list_commands") else ():
        rendered += _render(command.get_command(context, verb), [*words, verb], context)
    return rendered


def _path(words: list[str]) -> str:
    return os.path.join(DIRECTORY, "-".join(["chatty", *words]) + ".txt")


if __name__ == "__main__":
    write_all()
    sys.exit(0)
