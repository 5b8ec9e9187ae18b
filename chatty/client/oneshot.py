"""One request per connection: what a command needs to talk to a warm local server.

The request leaves as one POST; the answer comes back line by line until the run it started ends.
Standard library only, and as little of it as possible: importing this module and asking a warm
server costs less than importing an HTTP client. Programs that stay use ``chatty.client.Client``.
"""

from __future__ import annotations

import json
import os
import sys
import time

import chatty
from chatty.client.credentials import provider_credentials
from chatty.client.deadline import Deadline
from chatty.client.errors import error_from_wire, link_error, said_nothing
from chatty.client.http_lines import LineExchange
from chatty.client.skew import PROTOCOL_MAX, PROTOCOL_MIN, introduction_refused, should_replace
from chatty.client.target import target_from_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from chatty.client.target import Target

FIRST_WORD_SECONDS = 5.0
"""A server that holds the socket and does not even answer ``initialize`` in this time is stuck."""

LEAVING_SECONDS = 5.0
"""How long a server that is on its way out is waited for before its word counts."""

_SERVER_LEAVES = ("connection/lost", "unavailable/draining")

_REQUEST_ID = 1


class OneShot:
    """Calls that need no lasting connection.

    Args:
        target: which server; by default what ``CHATTY_SERVER`` names, else this user's local server.
        environ: whose provider keys and proxies to use; the process's own by default.
        client_name: which program calls, for the server's log.

    Attributes:
        session: the result of ``initialize`` of the newest call, ``None`` before the first.
    """

    def __init__(
        self,
        target: Target | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        client_name: str = "chatty-cli",
    ) -> None:
        self.session: dict[str, Any] | None = None
        self._environ = os.environ if environ is None else environ
        self._target = target or target_from_environment(self._environ)
        self._client_name = client_name

    def call(
        self, method: str, params: Mapping[str, Any], *, timeout_seconds: float | None = None
    ) -> dict[str, Any]:
        """Ask once and return the ``result``.

        Raises:
            ProtocolError: the server's refusal, or ``connection/…``, ``storage/…``, ``timeout``.
        """
        stream = self.stream(method, params, timeout_seconds=timeout_seconds)
        try:
            result: dict[str, Any] = next(stream)["result"]
        finally:
            stream.close()
        return result

    def stream(
        self, method: str, params: Mapping[str, Any], *, timeout_seconds: float | None = None
    ) -> RpcStream:
        """Ask once and return the frames of the answer as they come: the response, then notifications.

        It returns when the request was accepted. A server that is just leaving is waited out and asked
        again, or its successor: what was made under an id made here is not made twice.

        Raises:
            ProtocolError: as ``call`` does.
        """
        deadline = Deadline(timeout_seconds)
        patience = deadline.sooner(LEAVING_SECONDS)
        while True:
            try:
                return self._open(method, params, deadline)
            except Exception as error:
                if getattr(error, "type", None) not in _SERVER_LEAVES or patience.has_passed:
                    raise
            time.sleep(0.02)
            deadline.remaining("waiting for the server to come back")

    def _open(self, method: str, params: Mapping[str, Any], deadline: Deadline) -> RpcStream:
        """Ask, and read up to the response."""
        exchange = self._post(method, params, deadline)
        try:
            self.session = _initialized(exchange)
            return RpcStream(self, exchange, _response(exchange))
        except BaseException:
            exchange.close()
            raise

    def ask_outdated_server_to_leave(self) -> None:
        """Let an idle server of an older installation go, so that the next start brings the new one.

        It is asked only after the work is done, and failing to ask is no failure of that work.
        """
        if self.session is None or not should_replace(self.session["server"], self.session["capabilities"]):
            return
        from chatty.protocol.errors import ProtocolError

        self.session = None  # or asking would lead to asking again
        try:
            exchange = self._post("server.stop", {"if_idle": True}, Deadline(FIRST_WORD_SECONDS))
        except ProtocolError:
            return
        try:
            while exchange.next_line() is not None:
                pass
        except ProtocolError:
            pass
        finally:
            exchange.close()

    def _post(self, method: str, params: Mapping[str, Any], deadline: Deadline) -> LineExchange:
        body = self._body(method, params)
        connected = self._target.open(deadline)
        try:
            return LineExchange(connected, "/rpc", body, deadline)
        except BaseException:
            connected.close()
            raise

    def _body(self, method: str, params: Mapping[str, Any]) -> bytes:
        initialize = {
            "protocol": {"min": PROTOCOL_MIN, "max": PROTOCOL_MAX},
            "client": {"name": self._client_name, "version": chatty.__version__, "platform": sys.platform},
            "provider_credentials": provider_credentials(self._environ),
        }
        frames = (
            {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize},
            {"jsonrpc": "2.0", "id": _REQUEST_ID, "method": method, "params": params},
        )
        text = "".join(
            json.dumps(frame, ensure_ascii=False, separators=(",", ":")) + "\n" for frame in frames
        )
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise link_error(
                "invalid_params/encoding", "The text holds bytes that are not valid UTF-8; nothing was sent."
            ) from error


class RpcStream:
    """The frames of one answer. Iterating may go on after an interruption that ``wait_within`` allows.

    Closing early leaves the run going in the server, unless its conversation is ephemeral.
    """

    def __init__(self, oneshot: OneShot, exchange: LineExchange, response: dict[str, Any]) -> None:
        self._oneshot = oneshot
        self._exchange = exchange
        self._response: dict[str, Any] | None = response
        self._is_open = True

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        """Return the next frame.

        Raises:
            ProtocolError: ``connection/lost``, ``timeout``.
        """
        if self._response is not None:
            response, self._response = self._response, None
            return response
        try:
            line = self._exchange.next_line() if self._is_open else None
        except Exception:
            self.close()
            raise
        if line is None:
            self.close()
            raise StopIteration
        return _parsed(line)

    def wait_within(self, waiting: Callable[[], AbstractContextManager[object]]) -> None:
        """Wait for the server only inside such blocks, from now on.

        A signal handler that raises inside them, and nowhere else in an iteration, loses no frame.
        """
        self._exchange.waiting = waiting

    def end_without_reader(self, pipe: int | None) -> None:
        """Wait no longer, from now on, once nobody reads the pipe: iterating raises ``BrokenPipeError``."""
        self._exchange.written_to = pipe

    def end_after(self, seconds: float) -> None:
        """Allow that much more time, from now, for everything that is still to come."""
        self._exchange.deadline = Deadline(seconds)

    def close(self) -> None:
        """Close the connection; doing so twice is fine."""
        if self._is_open:
            self._is_open = False
            self._exchange.close()
            self._oneshot.ask_outdated_server_to_leave()


def _initialized(exchange: LineExchange) -> dict[str, Any]:
    """Return what the server agreed to; a server that is well says so at once."""
    session = _parsed(_first_line(exchange))
    if "error" in session:
        raise introduction_refused(error_from_wire(session["error"]))
    if exchange.status != 200 or not isinstance(session.get("result"), dict):
        raise link_error(
            "connection/protocol",
            f"The server answered with HTTP status {exchange.status} and nothing that chatty understands.",
        )
    result: dict[str, Any] = session["result"]
    return result


def _response(exchange: LineExchange) -> dict[str, Any]:
    line = exchange.next_line()
    if line is None:
        raise link_error("connection/lost", "The server ended the connection without an answer.")
    frame = _parsed(line)
    if "error" in frame:
        raise error_from_wire(frame["error"])
    return frame


def _first_line(exchange: LineExchange) -> bytes:
    from_caller = exchange.deadline
    exchange.deadline = from_caller.sooner(FIRST_WORD_SECONDS)
    try:
        line = exchange.next_line()
    except Exception as error:
        if getattr(error, "type", None) != "timeout" or from_caller.has_passed:
            raise
        raise said_nothing(FIRST_WORD_SECONDS) from error
    finally:
        exchange.deadline = from_caller
    return line if line is not None else b"{}"


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        frame = json.loads(line)
    except ValueError as error:
        raise link_error("connection/protocol", "The server sent a line that is not JSON.") from error
    if not isinstance(frame, dict):
        raise link_error("connection/protocol", "The server sent something that is not a frame.")
    return frame
