"""``chatty ask --detach``: hand the question over, print where the answer will be, and leave."""

from chatty.cli.ask.fate import Fate
from chatty.cli.ask.options import AskOptions
from chatty.cli.ask.request import Request
from chatty.cli.ask.result import document
from chatty.cli.ask.saying import print_object, say_error
from chatty.cli.exit_codes import ExitCode, exit_code
from chatty.cli.output.streams import write_out
from chatty.cli.session import Session
from chatty.protocol.errors import ProtocolError


def detach(session: Session, prepared: Request, options: AskOptions) -> ExitCode:
    """Send, and leave the rest to the server."""
    fate = Fate(prepared.conversation_id, options)
    try:
        session.call("message.send", prepared.params)
    except ProtocolError as error:
        return _failed(fate.broken(error), fate, prepared, options)
    except KeyboardInterrupt:
        fate.arrival = "unknown"
        return _failed(fate.stopped(None), fate, prepared, options)
    if options.output == "json":
        print_object(document(prepared, None, None))
    else:
        write_out(prepared.conversation_id + "\n")
    return ExitCode.DONE


def _failed(error: ProtocolError, fate: Fate, prepared: Request, options: AskOptions) -> ExitCode:
    known = None if fate.arrival == "not sent" else prepared
    say_error(error, options, document(known, None, None, error=error), safe=fate.safe)
    return exit_code(error.type)
