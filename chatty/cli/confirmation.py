"""A question before something that cannot be undone: people are asked, scripts say it beforehand."""

import os

from chatty.cli.errors import usage_error
from chatty.cli.output.streams import write_note
from chatty.protocol.errors import ProtocolError
from chatty.rendering.sanitizer import sanitize


def confirm(question: str, name: str, *, is_given: bool) -> None:
    """Ask yes or no; anything but yes leaves things as they are.

    Args:
        question: what is about to happen, with ``{}`` where the name belongs.
        name: of what it happens to; foreign text.
        is_given: the answer stands on the command line already.

    Raises:
        ProtocolError: ``cancelled``, when the answer is not yes; usage, when nobody can be asked.
    """
    if is_given:
        return
    if not os.isatty(0):
        raise usage_error("this cannot be undone, and nobody can be asked here; say it with --yes")
    write_note(f"{question.format(sanitize(name, multiline=False))} [y/N]", end=" ")
    answer = os.read(0, 1024).decode("utf-8", "replace").strip().lower()
    if answer not in ("y", "yes"):
        raise ProtocolError("cancelled", "nothing was changed")
