"""The way into the full-screen client, without Typer: `chatty` alone has no options to parse."""

import gc
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
    """Run the full-screen client until the user leaves, and return its exit code.

    A terminal that says that it draws nothing (``TERM=dumb``) gets the chat line by line instead.

    Raises:
        ProtocolError: usage, where there is no terminal; what the client raises at its start.
    """
    require_terminal()
    if os.environ.get("TERM") == "dumb":
        from chatty.cli.output.notes import say
        from chatty.cli.plain_chat import run as chat_line_by_line

        say("this terminal draws no screens (TERM=dumb); chatting line by line, as with: chatty --plain")
        chat_line_by_line(
            continue_last=continue_last, conversation=conversation, project=project, model=model
        )
        return 0
    # Nothing is garbage yet, and looking for it while so much is loaded costs a tenth of the start.
    # The client lets the collector work from its first frame on.
    gc.disable()
    # Textual: 150 to 200 ms, paid by this command alone.
    from chatty.tui.app import run

    return run(
        server=server, continue_last=continue_last, conversation=conversation, project=project, model=model
    )


def require_terminal() -> None:
    """Refuse politely where nobody could see a screen.

    Raises:
        ProtocolError: usage.
    """
    if not (os.isatty(0) and os.isatty(1)):
        raise usage_error(
            'the full-screen client needs a terminal; in scripts use: chatty ask "your question"'
        )
