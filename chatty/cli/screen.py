"""Opening the full-screen client. Without Typer: a bare ``chatty`` does not need it."""

import os

from chatty.cli.errors import usage_error


def open_screen(
    *,
    server: str | None = None,
    continue_last: bool = False,
    conversation: str | None = None,
    project: str | None = None,
    model: str | None = None,
) -> int:
    """Run the client until the person leaves, and return its exit code.

    Raises:
        ProtocolError: there is no terminal, or what was named means nothing.
    """
    require_terminal()
    # Textual: 150 to 200 ms, paid by this command alone.
    from chatty.tui.app import run

    return run(server, continue_last=continue_last, conversation=conversation, project=project, model=model)


def require_terminal() -> None:
    """Refuse to draw into a pipe."""
    if not (os.isatty(0) and os.isatty(1)):
        raise usage_error(
            'the full-screen client needs a terminal; in scripts use: chatty ask "your question"'
        )
