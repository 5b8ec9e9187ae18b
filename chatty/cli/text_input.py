"""A longer text from wherever the caller has it: an option, a file, a pipe, or an editor."""

import os
import subprocess
import tempfile

from chatty.cli.errors import usage_error
from chatty.cli.standard_input import read_all
from chatty.client.editor import keyboard_signals_for_the_editor, named_editor
from chatty.protocol.errors import ProtocolError


def longer_text(given: str | None, path: str | None, *, start: str, what: str) -> str:
    """Return the text.

    Args:
        given: the text itself, from an option.
        path: a file to read, ``-`` for standard input.
        start: what the editor opens with.
        what: what the text is, for errors: ``"prompt"``.

    Raises:
        ProtocolError: ``invalid_params/usage``: given twice, empty, unreadable, or nowhere to come from.
    """
    if given is not None and path is not None:
        raise usage_error(f"the {what} is given twice; give its text or its file")
    if given is not None:
        text = given
    elif path is not None and path != "-":
        text = _file(path)
    elif path == "-" or not os.isatty(0):
        text = _standard_input()
    else:
        text = edited(start, what)
    if not text.strip():
        raise usage_error(f"the {what} is empty, so nothing was changed; give it with --body or -f FILE")
    return text


def edited(text: str, what: str) -> str:
    """Let the person write in their own editor and return the result.

    Raises:
        ProtocolError: ``invalid_params/usage`` when no editor is named; ``cancelled`` when it failed.
    """
    editor = _editor(what)
    with tempfile.TemporaryDirectory(prefix="chatty-") as directory:
        path = os.path.join(directory, f"{what}.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            with keyboard_signals_for_the_editor():
                status = subprocess.run([*editor, path], check=False).returncode
        except OSError as error:
            raise usage_error(f"the editor {editor[0]} cannot be started: {error.strerror}") from error
        if status != 0:
            raise ProtocolError("cancelled", f"the editor ended with {status}; the {what} was not changed")
        return _file(path)


def _editor(what: str) -> list[str]:
    try:
        editor = named_editor(os.environ)
    except ValueError as error:
        raise usage_error(f"the editor in VISUAL or EDITOR cannot be understood: {error}") from error
    if not editor:
        raise usage_error(f"no editor is named in VISUAL or EDITOR; give the {what} with --body or -f FILE")
    return editor


def _standard_input() -> str:
    try:
        return read_all().decode("utf-8")
    except UnicodeDecodeError as error:
        raise usage_error("standard input is not text in UTF-8") from error


def _file(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise usage_error(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise usage_error(f"{path} is not text in UTF-8") from error
