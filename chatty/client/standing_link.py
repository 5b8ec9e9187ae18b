"""One link to one server, kept up: connect, introduce oneself, serve, wait, and again.

The states are those of ``LinkState``:

    idle -> connecting -> online -> waiting -> connecting -> …
                  └─────> refused (until ``retry_now``)        closed, from anywhere

Below it lies a ``Link``; what is asked over it, and what comes over it, is the business of whoever
made it. There is no session on the server to resume: after every loss it introduces itself again.
"""

import asyncio
import logging
import random
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

import chatty
from chatty.client.backoff import AFTER_FAILED_START, Backoff
from chatty.client.errors import link_error, said_nothing
from chatty.client.link import Dial, LinkClosed
from chatty.client.skew import (
    PROTOCOL_MAX,
    PROTOCOL_MIN,
    introduction_refused,
    should_replace,
    which_side_to_update,
)
from chatty.client.updates import LinkChanged, LinkState
from chatty.client.wire import OnNotification, Wire
from chatty.protocol import frames
from chatty.protocol.errors import ProtocolError

INITIALIZE_SECONDS = 10.0

_BROKEN = (
    "This program failed while it used the connection ({}); the log has the details. "
    "What the server accepted is kept; try again, and report it when it goes on."
)


class StandingLink:
    """The link of one client.

    Args:
        dial: opens a link.
        initialize: what to introduce oneself with; see ``initialize_params``.
        backoff: how soon to come back.
        prepare: awaited before every attempt.
        on_notification: takes what comes by itself.
        on_lost: called whenever a link has ended.
        on_change: called with every change of the state.

    Attributes:
        state: where the link stands.
        session: the result of ``initialize``, ``None`` while the server has not answered yet.
        wire: the link in use, ``None`` while there is none.
    """

    def __init__(
        self,
        dial: Dial,
        initialize: dict[str, Any],
        backoff: Backoff,
        *,
        prepare: Callable[[], Awaitable[None]],
        on_notification: OnNotification,
        on_lost: Callable[[], None],
        on_change: Callable[[LinkChanged], None],
    ) -> None:
        self.state = LinkState.IDLE
        self.session: dict[str, Any] | None = None
        self.wire: Wire | None = None
        self._dial = dial
        self._initialize = initialize
        self._backoff = backoff
        self._prepare = prepare
        self._on_notification = on_notification
        self._on_lost = on_lost
        self._on_change = on_change
        self._error: ProtocolError | None = None
        self._changed = asyncio.Event()
        self._retry = asyncio.Event()
        self._asked_to_replace = False
        self._reconnect_after_seconds: float | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect, and stay connected until ``close``."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_up(), name="chatty-link")

    def let_go(self) -> None:
        """Ask nothing over the link any more; ``close`` follows."""
        self.wire = None

    async def close(self) -> None:
        """End the link and everything it does by itself."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._enter(LinkState.CLOSED)

    def retry_now(self) -> None:
        """Try at once instead of after the wait; the way out of ``LinkState.REFUSED``."""
        self._retry.set()

    def come_back_after(self, seconds: float) -> None:
        """Wait so long after the end of this link, as its server wishes."""
        self._reconnect_after_seconds = seconds

    async def online(self, *, is_patient: bool = False) -> Wire:
        """Wait for the link, and return it.

        Args:
            is_patient: wait on even while the server cannot be used as it is.

        Raises:
            ProtocolError: why the server cannot be used, or ``connection/closed``.
        """
        while self.wire is None or not self.wire.is_alive:
            if self.state is LinkState.CLOSED:
                raise link_error("connection/closed", "This client was closed.")
            if self.state is LinkState.REFUSED and self._error is not None and not is_patient:
                raise self._error
            await self._changed.wait()
        return self.wire

    async def _keep_up(self) -> None:
        """Connect, serve, wait, for ever. Only this task changes the state before ``close``."""
        attempt = 0
        while True:
            self._retry.clear()
            self._reconnect_after_seconds = None
            self._enter(LinkState.CONNECTING, self._error)
            began = monotonic()
            error = await self._end_of_one_life()
            if monotonic() - began >= self._backoff.healthy_seconds:
                attempt = 0
            await self._wait_to_retry(error, attempt)
            attempt += 1

    async def _end_of_one_life(self) -> ProtocolError:
        """Live once and return why that ended. Whatever breaks here is told, never only dropped."""
        try:
            await self._prepare()
            return await self._live_once()
        except ProtocolError as error:
            return error
        except Exception as error:
            logging.getLogger(__name__).exception("the link's task failed")
            return link_error("internal", _BROKEN.format(type(error).__name__))

    async def _live_once(self) -> ProtocolError:
        """Open a link and use it until it ends; return why it did."""
        link = await self._dial()
        wire = Wire(link, self._on_notification)
        reading = asyncio.create_task(wire.run(), name="chatty-reader")
        try:
            refusal = await self._introduce(wire)
            if refusal is not None:
                return refusal
            await reading
        except LinkClosed as closed:
            return _lost(closed)
        finally:
            self.wire = None
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await link.close()
            self._on_lost()
        raise AssertionError("a reader ends only by its link's end")

    async def _introduce(self, wire: Wire) -> ProtocolError | None:
        """Agree with the server on how to talk; return why that was not possible."""
        try:
            async with asyncio.timeout(INITIALIZE_SECONDS):
                session = await wire.request("initialize", self._initialize)
        except TimeoutError:
            return said_nothing(INITIALIZE_SECONDS)
        except ProtocolError as error:
            return None if error.type == "connection/lost" else introduction_refused(error)
        wire.limit_requests(session.get("limits", {}).get("max_requests_in_flight", 32))
        await self._replace_outdated(wire, session)
        self.session = session
        self.wire = wire
        self._enter(LinkState.ONLINE)
        return None

    async def _replace_outdated(self, wire: Wire, session: dict[str, Any]) -> None:
        """Ask an idle local server of an older installation to leave; the next link starts the new one."""
        if self._asked_to_replace or not should_replace(session["server"], session["capabilities"]):
            return
        self._asked_to_replace = True
        with suppress(ProtocolError, TimeoutError):
            async with asyncio.timeout(INITIALIZE_SECONDS):
                await wire.request("server.stop", {"if_idle": True})

    async def _wait_to_retry(self, error: ProtocolError, attempt: int) -> None:
        if _needs_a_person(error):
            self._enter(LinkState.REFUSED, error)
            await self._retry.wait()
            return
        backoff = AFTER_FAILED_START if error.type == "connection/start_failed" else self._backoff
        delay = self._reconnect_after_seconds
        if delay is None:
            delay = backoff.delay_seconds(attempt, random.random)
        self._enter(LinkState.WAITING, error, delay)
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._retry.wait()

    def _enter(
        self, state: LinkState, error: ProtocolError | None = None, retry_in_seconds: float | None = None
    ) -> None:
        self.state, self._error = state, error
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self._on_change(LinkChanged(state, error, retry_in_seconds))


def initialize_params(
    client_name: str, credentials: Mapping[str, Any] | None, *, workspace_signals: bool
) -> dict[str, Any]:
    """Return what a client introduces itself with."""
    params: dict[str, Any] = {
        "protocol": {"min": PROTOCOL_MIN, "max": PROTOCOL_MAX},
        "client": {"name": client_name, "version": chatty.__version__, "platform": sys.platform},
    }
    if workspace_signals:
        params["capabilities"] = {"workspace_signals": True}
    if credentials is not None:
        params["provider_credentials"] = credentials
    return params


def _needs_a_person(error: ProtocolError) -> bool:
    """Whether trying again by itself would only meet the same refusal."""
    return error.family not in ("connection", "timeout") or error.type in (
        "connection/peer",
        "connection/protocol",
    )


def _lost(closed: LinkClosed) -> ProtocolError:
    match closed.code:
        case frames.CloseCode.VERSION:
            return link_error("protocol_unsupported", which_side_to_update(None))
        case frames.CloseCode.FORBIDDEN:
            return link_error("forbidden", "The server refused the connection.")
        case frames.CloseCode.PROTOCOL:
            return link_error("connection/protocol", "The server says that this program broke the protocol.")
        case frames.CloseCode.TOO_MANY_CONNECTIONS:
            return link_error(
                "connection/refused",
                "Too many connections to the server are open; this one waits until others are closed.",
            )
        case code:
            return link_error(
                "connection/lost",
                "The connection to the server broke; what the server accepted is kept.",
                code=code,
            )
