"""What became of a question, in words: what happened, what is safe, what to do next. It does nothing."""

from typing import Literal

from chatty.cli.ask.options import AskOptions
from chatty.cli.ask.reply import Reply
from chatty.cli.errors import error_from_object
from chatty.cli.exit_codes import ExitCode
from chatty.protocol.errors import ProtocolError

Arrival = Literal["not sent", "unknown", "accepted"]
"""How far the question came, as far as we know."""

_ARRIVAL_UNKNOWN = ("connection/lost", "connection/stuck", "connection/protocol", "timeout")
"""Errors of the link that may have come after the question had gone out."""

_UNHEARD = ("connection/stuck", "timeout")
"""Errors of asking for a stop that leave open whether it happens."""


class Fate:
    """Where a question stands, and the errors that follow from that.

    Attributes:
        arrival: kept up to date by whoever sends the question.
    """

    def __init__(self, conversation_id: str, options: AskOptions) -> None:
        self.arrival: Arrival = "not sent"
        self._conversation_id = conversation_id
        self._options = options
        self._may_go_on = False

    def note_refused_stop(self, error: ProtocolError) -> None:
        """The server did not stop the run; one that it does not know never arrived."""
        self._may_go_on = error.type in _UNHEARD
        if error.type in ("not_found", "connection/refused") and self.arrival == "unknown":
            self.arrival = "not sent"

    def stopped(self, code: ExitCode | None) -> ProtocolError:
        """Return the error of a run that we stopped, by the code of what stopped it."""
        unheard = "; the server did not answer, so it may go on writing" if self._may_go_on else ""
        if code == ExitCode.TIMED_OUT:
            seconds = self._options.timeout_seconds
            return ProtocolError("timeout", f"no whole answer within {seconds:g} s{unheard}; {self.safe}")
        word = "terminated" if code == ExitCode.TERMINATED else "interrupted"
        return ProtocolError("cancelled", f"{word}{unheard}; {self.safe}")

    def broken(self, error: ProtocolError | None) -> ProtocolError:
        """Return what is said of a link that broke or a question that was refused.

        The request leaves in the same breath as the greeting, so it may have arrived when the link breaks.
        """
        if self.arrival == "not sent" and (error is None or error.type in _ARRIVAL_UNKNOWN):
            self.arrival = "unknown"
        if error is not None and error.type != "connection/lost":
            return error
        return ProtocolError("connection/lost", f"the server left in the middle; {self.safe}")

    def of_run(self, reply: Reply) -> ProtocolError | None:
        """Return what went wrong with the run itself, ``None`` if nothing did."""
        if reply.status == "completed":
            return None
        if reply.error is not None and reply.status != "interrupted":
            return error_from_object(reply.error)
        if reply.status == "cancelled":
            return ProtocolError("cancelled", f"the answer was stopped from elsewhere; {self.safe}")
        if reply.status == "interrupted":
            message = f"the server stopped in the middle; {self.safe}"
            return ProtocolError("unavailable/interrupted", message)
        return ProtocolError("internal", f"the answer failed, and nobody said why; {self.safe}")

    def remark(self, reply: Reply) -> str | None:
        """Return what a person should know of an answer that completed and may not look like it."""
        if reply.finish_reason == "length":
            return "the model reached its length limit, so the answer may be cut short"
        if reply.finish_reason == "content_filter":
            return "the provider's content filter ended the answer"
        return None if reply.text else "the model answered with nothing"

    @property
    def safe(self) -> str:
        """What is kept of the question and its answer."""
        if self._options.is_ephemeral:
            return "nothing was kept"
        if self.arrival == "not sent":
            return "nothing was sent"
        if self.arrival == "unknown":
            return f"whether the question arrived shows: chatty chats show {self._conversation_id}"
        return f"what came is kept: chatty chats show {self._conversation_id}"
