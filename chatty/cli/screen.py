"""The way into the full-screen client, without Typer: `chatty` alone has no options to parse."""

import gc
import os
from collections.abc import Mapping

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

    A terminal that cannot draw screens has the line-by-line chat instead.

    Raises:
        ProtocolError: usage, where there is no terminal; what the client raises at its start.
    """
    require_terminal()
    if not can_draw(os.environ):
        from chatty.cli.output.notes import say
        from chatty.cli.plain_chat import run as run_plain

        say("this terminal cannot draw screens; the chat goes line by line, as with --plain")
        run_plain(continue_last=continue_last, conversation=conversation, project=project, model=model)
        return 0
    # Nothing is garbage yet, and looking for it while so much is loaded costs a tenth of the start.
    # The client lets the collector work from its first frame on.
    gc.disable()
    # Textual: 150 to 200 ms, paid by this command alone.
    from chatty.tui.app import run

    return run(
        server=server, continue_last=continue_last, conversation=conversation, project=project, model=model
    )


def can_draw(environ: Mapping[str, str]) -> bool:
    """Whether the terminal can draw screens, by its own name.

    The names are those that Rich calls dumb (``Console.is_dumb_terminal``): in such a terminal Textual lays
    the screen out for two sizes in turn, without an end.
    """
    return environ.get("TERM", "").lower() not in ("", "dumb", "unknown")


def require_terminal() -> None:
    """Refuse politely where nobody could see a screen.

    Raises:
        ProtocolError: usage.
    """
    if not (os.isatty(0) and os.isatty(1)):
        raise usage_error(
            'the full-screen client needs a terminal; in scripts use: chatty ask "your question"'
        )
