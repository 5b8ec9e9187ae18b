"""``chatty --plain``: a chat line by line, for screen readers, dumb terminals and slow links.

Nothing is drawn and nothing is overwritten; every change of state is said in words. The answer itself
is shown by ``chatty ask``'s exchange.
"""

from dataclasses import dataclass

from chatty.cli import references
from chatty.cli.ask import exchange
from chatty.cli.ask.options import AskOptions
from chatty.cli.line_input import read_line
from chatty.cli.output.notes import say
from chatty.cli.output.streams import write_out
from chatty.cli.session import Session
from chatty.protocol.ids import new_id
from chatty.rendering.sanitizer import sanitize

PROMPT = "you: "
LEAVING = ("/quit", "/exit")


def run(*, continue_last: bool, conversation: str | None, project: str | None, model: str | None) -> None:
    """Chat until the input ends (ctrl+d) or ``/quit``."""
    session = Session()
    place = _place(session, continue_last, conversation, project, model)
    say(f"conversation {place.id}: {place.title}. Ctrl+C stops an answer, ctrl+d leaves.")
    if _take_turns(place) or not place.is_new:
        say(f"left; go on with: chatty --plain --conversation {place.id}")
    else:
        say("left; nothing was asked, so nothing is kept")


@dataclass(frozen=True, slots=True)
class _Place:
    """The conversation that the lines go to."""

    id: str
    title: str
    model: str | None
    project: str | None = None
    is_new: bool = False
    """Its first line makes it, and gives it its title."""

    def asking(self, line: str) -> AskOptions:
        """Return how a line is asked. Making what is there already does nothing, so every line may."""
        return AskOptions(
            words=(line,),
            conversation=None if self.is_new else self.id,
            new_conversation=self.id if self.is_new else None,
            project=self.project,
            origin="tui",
            model=self.model,
            is_raw=True,
            reads_stdin=False,
        )


def _place(
    session: Session, continue_last: bool, conversation: str | None, project: str | None, model: str | None
) -> _Place:
    if conversation is not None or continue_last:
        found = references.conversation(session, conversation or references.LAST)
        return _Place(found["id"], sanitize(found["title"], multiline=False), model)
    project_id = None if project is None else references.project(session, project)["id"]
    return _Place(new_id(), "a new one", model, project_id, is_new=True)


def _take_turns(place: _Place) -> bool:
    """Read and ask until the person leaves; return whether anything was asked.

    Ctrl+c ends a line or an answer, never the chat.
    """
    is_dropped = has_asked = False
    while True:
        try:
            if is_dropped:
                write_out("\n")
                say("line dropped; ctrl+d leaves")
                is_dropped = False
            line = read_line(PROMPT)
            if line.strip() in LEAVING:
                return has_asked
            if line.strip():
                has_asked = True
                _ask(place.asking(line))
        except EOFError:
            write_out("\n")
            return has_asked
        except KeyboardInterrupt:
            is_dropped = True


def _ask(options: AskOptions) -> None:
    say("asking")
    code = exchange.run(options)
    say("done" if code == 0 else "no whole answer")
