r"""Words the shell may offer at the cursor, one per line: ``WORD<tab>EXPLANATION``.

The scripts call ``chatty`` with the words up to the cursor and ``_CHATTY_COMPLETE`` set; bash, which does
not quote what it inserts, with the line as typed and ``_CHATTY_COMPLETE=bash``. Titles and model names are
foreign text: they are sanitised, and no script evaluates anything.
"""

import os
from collections.abc import Iterator
from typing import Any

VARIABLE = "_CHATTY_COMPLETE"
BASH = "bash"
"""The value with which the script for bash asks."""

Candidate = tuple[str, str]


def complete_if_asked(command: Any, words: list[str]) -> bool:
    """Print the candidates when a completion script asks; tell whether it did."""
    if VARIABLE not in os.environ:
        return False
    from chatty.cli.output.streams import write_out

    if os.environ[VARIABLE] == BASH:
        from chatty.cli.completion.bash_line import read_line

        typed, word_breaks = words
        line = read_line(typed, word_breaks)
        found = _sanitised(candidates(command, [*line.before[1:], line.word]))
        write_out("".join(f"{line.inserted(word)}\n" for word, _ in found))
    else:
        found = _sanitised(candidates(command, words))
        write_out("".join("\t".join(filter(None, cells)) + "\n" for cells in found))
    return True


def _sanitised(found: list[Candidate]) -> Iterator[Candidate]:
    from chatty.rendering.sanitizer import sanitize

    for word, explanation in found:
        yield sanitize(word, multiline=False), sanitize(explanation, multiline=False)


def candidates(command: Any, words: list[str]) -> list[Candidate]:
    """Return what fits at the last word, which may be empty, after the words in front of it.

    Args:
        command: the root command.
        words: everything after ``chatty``, up to and with the word under the cursor.
    """
    *before, incomplete = words or [""]
    context, command = _descend(command, before)
    return _fitting(context, command, before, incomplete)


def _descend(command: Any, words: list[str]) -> tuple[Any, Any]:
    """Follow the words through groups to the command they lead to."""
    context = command.make_context("chatty", list(words), resilient_parsing=True)
    while hasattr(command, "get_command"):
        rest = [*context._protected_args, *context.args]
        following = command.get_command(context, rest[0]) if rest else None
        if following is None:
            break
        context = following.make_context(rest[0], rest[1:], parent=context, resilient_parsing=True)
        command = following
    return context, command


def _fitting(context: Any, command: Any, before: list[str], incomplete: str) -> list[Candidate]:
    option = _option_wanting_value(command, before)
    if option is not None:
        return _values(option, context, incomplete)
    name, equals, value = incomplete.partition("=")
    if equals and name.startswith("--"):
        option = _option_wanting_value(command, [name])
        found = _values(option, context, value) if option is not None else []
        return [(f"{name}={word}", explanation) for word, explanation in found]
    if incomplete.startswith("-"):
        return _options(command, context, incomplete)
    if hasattr(command, "get_command"):
        return [
            (name, command.get_command(context, name).get_short_help_str())
            for name in command.list_commands(context)
            if name.startswith(incomplete)
        ]
    argument = _argument_at_cursor(command, context)
    return _values(argument, context, incomplete) if argument is not None else []


def _argument_at_cursor(command: Any, context: Any) -> Any:
    """Return the first argument that has no value yet; one that takes many always has room."""
    for parameter in command.params:
        is_open = parameter.nargs == -1 or context.params.get(parameter.name) is None
        if parameter.param_type_name == "argument" and is_open:
            return parameter
    return None


def _option_wanting_value(command: Any, before: list[str]) -> Any:
    for parameter in command.params:
        is_flag = getattr(parameter, "is_flag", False)
        if before and parameter.param_type_name == "option" and not is_flag and before[-1] in parameter.opts:
            return parameter
    return None


def _options(command: Any, context: Any, incomplete: str) -> list[Candidate]:
    return [
        (name, getattr(parameter, "help", None) or "")
        for parameter in command.get_params(context)
        if parameter.param_type_name == "option"
        for name in parameter.opts
        if name.startswith(incomplete)
    ]


def _values(parameter: Any, context: Any, incomplete: str) -> list[Candidate]:
    return [(item.value, item.help or "") for item in parameter.shell_complete(context, incomplete)]
