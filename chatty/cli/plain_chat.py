"""``chatty --plain``: a chat line by line, for screen readers, dumb terminals and slow links.

Nothing is drawn and nothing is overwritten; every change of state is said in words. The answer itself
is shown by ``chatty ask``'s exchange.
"""

import os
from typing import Any

from chatty.cli import references
from chatty.cli.ask import exchange
from chatty.cli.ask.options import AskOptions
from chatty.cli.output.notes import say
from chatty.cli.output.streams import write_out
from chatty.cli.preferences import default_model
from chatty.cli.session import Session
from chatty.protocol.ids import new_id

PROMPT = "you: "


def run(*, continue_last: bool, conversation: str | None, project: str | None, model: str | None) -> None:
    """Chat until the input ends (ctrl+d) or ``/quit``."""
    # Arrow keys and history while typing.
    import readline  # noqa: F401

    session = Session()
    place = _open(session, continue_last, conversation, project, model)
    say(f"conversation {place['id']}: {place['title']}. Ctrl+C stops an answer, ctrl+d leaves.")
    while (line := _read_line()) is not None:
        if line.strip():
            _ask(line, place["id"], model)
    say(f"left; go on with: chatty --plain --conversation {place['id']}")


def _open(
    session: Session, continue_last: bool, conversation: str | None, project: str | None, model: str | None
) -> dict[str, Any]:
    if conversation is not None or continue_last:
        return references.conversation(session, conversation or references.LAST)
    params: dict[str, Any] = {"id": new_id(), "origin": "tui"}
    if project is not None:
        params["project_id"] = references.project(session, project)["id"]
    chosen = model or default_model(os.environ)
    if chosen:
        params["model"] = chosen
    created: dict[str, Any] = session.call("conversation.create", params)["conversation"]
    return created


def _read_line() -> str | None:
    """Return the next line, ``None`` when the person leaves."""
    while True:
        try:
            line = input(PROMPT)
        except EOFError:
            write_out("\n")
            return None
        except KeyboardInterrupt:
            write_out("\n")
            say("line dropped; ctrl+d leaves")
            continue
        return None if line.strip() in ("/quit", "/exit") else line


def _ask(line: str, conversation_id: str, model: str | None) -> None:
    say("asking")
    code = exchange.run(
        AskOptions(words=(line,), conversation=conversation_id, model=model, is_raw=True, reads_stdin=False)
    )
    say("done" if code == 0 else "no whole answer")
