"""One question and its run: send, follow, stop when asked, and say how it ended.

Every way of ending leaves through ``_Exchange.run``: done, failed, stopped by a signal or the time, the
reader of standard output gone, the server gone.
"""

from time import monotonic
from typing import Any

from chatty.cli.ask import question, request
from chatty.cli.ask.choice import choose
from chatty.cli.ask.detach import detach
from chatty.cli.ask.fate import Fate
from chatty.cli.ask.options import AskOptions
from chatty.cli.ask.reply import Reply
from chatty.cli.ask.result import document
from chatty.cli.ask.saying import print_object, say_error
from chatty.cli.ask.stops import Left, Stopped, Stops
from chatty.cli.ask.stopwatch import Stopwatch
from chatty.cli.exit_codes import ExitCode, exit_code
from chatty.cli.output.streams import piped_out, write_note
from chatty.cli.session import Session
from chatty.client.deadline import Deadline
from chatty.client.oneshot import RpcStream
from chatty.protocol.errors import ProtocolError

STOP_SECONDS = 2.0
"""How long a stopped run may take to end before we leave without its last word."""


def run(options: AskOptions) -> ExitCode:
    """Ask, print, and return the exit code."""
    deadline = Deadline(options.timeout_seconds)
    session = Session(timeout_seconds=options.timeout_seconds)
    try:
        parts = question.parts(options, deadline)
        prepared = request.build(session, options, parts)
        left = deadline.remaining("preparing the question")
    except ProtocolError as error:
        return _ended_early(error, options)
    except KeyboardInterrupt:
        return _ended_early(ProtocolError("cancelled", "interrupted; nothing was sent"), options)
    if options.is_detached:
        return detach(session, prepared, options)
    with Stops(left) as stops:
        try:
            return _Exchange(session, prepared, options, stops).run()
        except Left:
            return stops.code or ExitCode.INTERRUPTED


def _ended_early(error: ProtocolError, options: AskOptions) -> ExitCode:
    # Wrong usage speaks for itself.
    safe = None if error.family == "invalid_params" else "nothing was sent"
    say_error(error, options, document(None, None, None, error=error), safe=safe)
    return exit_code(error.type)


class _Exchange:
    """A question on its way, and the reply to it."""

    def __init__(
        self,
        session: Session,
        prepared: request.Request,
        options: AskOptions,
        stops: Stops,
    ) -> None:
        self._session = session
        self._request = prepared
        self._options = options
        self._stops = stops
        self._reply = Reply(prepared.reply_id, prepared.run_id)
        self._printer = choose(options)
        self._fate = Fate(prepared.conversation_id, options)
        self._error: ProtocolError | None = None
        self._safe: str | None = None
        self._stopwatch = Stopwatch()
        self._has_told_of_waiting = False

    def run(self) -> ExitCode:
        """Send the question, follow the answer to its end, and say how it ended."""
        try:
            self._follow()
            self._fill_gaps()
            self._printer.finish()
        except BrokenPipeError:
            self._cancel_run()
            return ExitCode.CLOSED_PIPE
        except Left:
            self._error = self._error or self._fate.stopped(self._stops.code)
            self._finish_quietly()
        except ProtocolError as error:
            self._error = error
            if error.type == "storage/output":
                self._safe = self._fate.safe
            self._finish_quietly()
        return self._conclude()

    def _follow(self) -> None:
        stream: RpcStream | None = None
        while self._reply.status is None:
            try:
                if stream is None:
                    with self._stops.waiting():
                        stream = self._session.stream("message.send", self._request.params)
                        self._fate.arrival = "unknown"
                    stream.wait_within(self._stops.waiting)
                    stream.end_without_reader(piped_out())
                frame = next(stream, None)
            except Stopped:
                if self._fate.arrival == "not sent":
                    # Struck while connecting or sending: the server knows how far it came.
                    self._fate.arrival = "unknown"
                self._stop(stream)
                if stream is None:
                    return
            except ProtocolError as error:
                raise self._error or self._broken(error) from error
            else:
                if frame is None:
                    raise self._error or self._broken(None)
                self._take(frame)
        if stream is not None:
            stream.close()

    def _broken(self, error: ProtocolError | None) -> ProtocolError:
        said = self._fate.broken(error)
        if self._fate.arrival != "accepted":
            # A refusal does not know that it is all there is.
            self._safe = self._fate.safe
        return said

    def _take(self, frame: dict[str, Any]) -> None:
        if "method" not in frame:
            self._fate.arrival = "accepted"
            return
        self._printer.frame(frame)
        self._show(self._reply.apply(frame["method"], frame["params"]))
        if self._reply.was_reset:
            self._reply.was_reset = False
            self._printer.start_over()
            write_note("chatty: the provider started over; the text before this is void")
        if self._reply.not_kept is not None and not self._has_told_of_waiting:
            self._has_told_of_waiting = True
            write_note(f"chatty: the answer cannot be kept yet, and is tried again: {self._reply.not_kept}")

    def _show(self, fresh: str) -> None:
        if fresh:
            self._stopwatch.note_text()
            self._printer.text(fresh)

    def _fill_gaps(self) -> None:
        """Fetch what a part lacks; over one connection in order that is nothing, unless frames were lost."""
        for index, offset in self._reply.missing():
            at = offset
            while at < self._reply.declared[index]:
                answer = self._session.call(
                    "part.read",
                    {
                        "conversation_id": self._request.conversation_id,
                        "message_id": self._request.reply_id,
                        "part": index,
                        "from": at,
                    },
                )
                if not answer["text"]:
                    return
                self._show(self._reply.fill(index, at, answer["text"]))
                at += len(answer["text"])

    def _stop(self, stream: RpcStream | None) -> None:
        """Ask the server to stop the run, and allow what is left of a moment for its last words."""
        began = monotonic()
        self._cancel_run()
        self._error = self._fate.stopped(self._stops.code)
        if stream is not None:
            stream.end_after(STOP_SECONDS - (monotonic() - began))

    def _cancel_run(self) -> None:
        server = Session(start=False, timeout_seconds=STOP_SECONDS)
        try:
            server.call("run.cancel", {"run_id": self._request.run_id})
            self._fate.arrival = "accepted"
        except ProtocolError as error:
            # The run never came to be, or the server is gone: either way nothing is left to stop.
            self._fate.note_refused_stop(error)

    def _finish_quietly(self) -> None:
        """Show what is held back; that standard output fails as well changes nothing any more."""
        try:
            self._printer.finish()
        except (BrokenPipeError, ProtocolError):
            pass

    def _conclude(self) -> ExitCode:
        error = self._error or self._fate.of_run(self._reply)
        if self._options.shows_timing:
            write_note(f"chatty: {self._stopwatch.line(self._reply.usage)}")
        if self._options.output == "json":
            known = None if self._fate.arrival == "not sent" else self._request
            print_object(document(known, self._reply, self._stopwatch, error=error))
        elif error is not None:
            say_error(error, self._options, {}, safe=self._safe)
        if error is None:
            self._remark()
            return ExitCode.DONE
        return self._stops.code or exit_code(error.type)

    def _remark(self) -> None:
        remark = self._fate.remark(self._reply)
        if remark is not None and self._options.output == "text":
            write_note(f"chatty: {remark}")
