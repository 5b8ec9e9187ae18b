"""``chatty --plain``: a chat line by line, for screen readers, dumb terminals and slow links.

Nothing is drawn and nothing is overwritten; every change of state is said in words. The answer itself
is shown by ``chatty ask``'s exchange.
"""

import os
from typing import Any

from chatty.cli import references
from chatty.cli.ask import exchange
from chatty.cli.ask.options import AskOptions
from chatty.cli.line_input import read_line
from chatty.cli.output.notes import say
from chatty.cli.output.streams import write_out
from chatty.cli.preferences import default_model
from chatty.cli.session import Session
from chatty.protocol.ids import new_id
from chatty.rendering.sanitizer import sanitize

PROMPT = "you: "
LEAVING = ("/quit", "/exit")


def run(*, continue_last: bool, conversation: str | None, project: str | None, model: str | None) -> None:
    """Chat until the input ends (ctrl+d) or ``/quit``."""
    session = Session()
    place = _open(session, continue_last, conversation, project, model)
    title = sanitize(place["title"], multiline=False)
    say(f"conversation {place['id']}: {title}. Ctrl+C stops an answer, ctrl+d leaves.")
    _take_turns(place["id"], model)
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


def _take_turns(conversation_id: str, model: str | None) -> None:
    """Read and ask until the person leaves. Ctrl+c ends a line or an answer, never the chat."""
    is_dropped = False
    while True:
        try:
            if is_dropped:
                write_out("\n")
                say("line dropped; ctrl+d leaves")
                is_dropped = False
            line = read_line(PROMPT)
            if line.strip() in LEAVING:
                return
            if line.strip():
                _ask(line, conversation_id, model)
        except EOFError:
            write_out("\n")
            return
        except KeyboardInterrupt:
            is_dropped = True


def _ask(line: str, conversation_id: str, model: str | None) -> None:
    say("asking")
    code = exchange.run(
        AskOptions(words=(line,), conversation=conversation_id, model=model, is_raw=True, reads_stdin=False)
    )
    say("done" if code == 0 else "no whole answer")
