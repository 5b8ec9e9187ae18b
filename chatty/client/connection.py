"""The client of a program that stays: one link to one server, kept up, and everything asked over it.

The states are those of ``LinkState``:

    idle -> connecting -> online -> waiting -> connecting -> …
                  └─────> refused (until ``retry_now``)        closed, from anywhere

Below it lies a ``Link``; beside it subscriptions, the outbox and the view. It holds no conversation
and shows nothing. There is no session on the server to resume: after every loss it introduces
itself again, delivers what was not accepted, and each subscription asks for what it has not seen.
"""

import asyncio
import logging
import os
import random
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

import chatty
from chatty.client.backoff import AFTER_FAILED_START, LOCAL, Backoff
from chatty.client.credentials import provider_credentials
from chatty.client.delivery import Delivery
from chatty.client.errors import link_error, timed_out
from chatty.client.link import Dial, LinkClosed
from chatty.client.locations import Locations
from chatty.client.oneshot import OneShot
from chatty.client.outbox import Entry, Outbox
from chatty.client.skew import PROTOCOL_MAX, PROTOCOL_MIN, should_replace, which_side_to_update
from chatty.client.subscription import Subscription, subscription_ended
from chatty.client.target import target_from_environment
from chatty.client.updates import LinkChanged, LinkState, News, Notice, Signal
from chatty.client.wire import Wire
from chatty.protocol import frames
from chatty.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from chatty.client.target import Target
    from chatty.client.websocket import Heartbeat

DEFAULT_TIMEOUT_SECONDS = 30.0
INITIALIZE_SECONDS = 10.0

LARGE_FRAME_BYTES = 256 << 10
"""Requests beyond this travel on a connection of their own, so that none blocks the others."""

_STUCK = (
    "The server accepted the connection and said nothing. "
    "If that goes on, end it with `chatty server stop --force`; what it accepted is kept."
)

_BROKEN = (
    "This program failed while it used the connection ({}); the log has the details. "
    "What the server accepted is kept; try again, and report it when it goes on."
)

_T = TypeVar("_T")

LargeCall = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Makes a call on a connection of its own; blocks."""


class Client:
    """One server, as a program sees it. Use ``chatty.client.connect`` to make one.

    Args:
        dial: opens a link.
        provider_credentials: keys of the caller's environment; only for a link to a checked peer.
        outbox: keeps what ``send`` has not delivered; without one ``send`` is not available.
        backoff: how soon to come back.
        large_call: takes calls that are too big for the link.
        client_name: which program calls, for the server's log.
        workspace_signals: be told of every conversation that changes, as ``Signal`` news.

    Attributes:
        state: where the link stands.
        session: the result of ``initialize``, ``None`` while the server has not answered yet.
    """

    def __init__(
        self,
        dial: Dial,
        *,
        provider_credentials: Mapping[str, Any] | None = None,
        outbox: Outbox | None = None,
        backoff: Backoff = LOCAL,
        large_call: LargeCall | None = None,
        client_name: str = "chatty",
        workspace_signals: bool = False,
    ) -> None:
        self.state = LinkState.IDLE
        self.session: dict[str, Any] | None = None
        self._dial = dial
        self._initialize = _initialize_params(
            client_name, provider_credentials, workspace_signals=workspace_signals
        )
        self._backoff = backoff
        self._large_call = large_call
        self._delivery = self._make_delivery(outbox)
        self._listeners: list[Callable[[News], None]] = []
        self._subscriptions: dict[str, Subscription] = {}
        self._wire: Wire | None = None
        self._error: ProtocolError | None = None
        self._changed = asyncio.Event()
        self._retry = asyncio.Event()
        self._asked_to_replace = False
        self._reconnect_after_seconds: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Client":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self) -> None:
        """Begin to connect, and stay connected until ``close``."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_up(), name="chatty-link")

    async def close(self) -> None:
        """Close the link and end every subscription. What was not accepted stays in the outbox."""
        if self.state is LinkState.CLOSED:
            return
        if self._delivery is not None:
            await self._delivery.close()
        self._wire = None  # the server learns from the link's end that nobody follows any more
        for subscription in list(self._subscriptions.values()):
            await subscription.close()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._enter(LinkState.CLOSED)

    def listen(self, listener: Callable[[News], None]) -> Callable[[], None]:
        """Call the listener with all news from now on; returns what ends that. It must not block."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def silent_seconds(self) -> float | None:
        """Since when nothing was heard from the server; ``None`` while the link is down."""
        return None if self._wire is None else monotonic() - self._wire.last_heard_at

    @property
    def unsent(self) -> int:
        """How many messages wait in the outbox."""
        return 0 if self._delivery is None else self._delivery.waiting

    def retry_now(self) -> None:
        """Try at once instead of after the wait; the way out of ``LinkState.REFUSED``."""
        self._retry.set()

    async def wait_online(self, timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS) -> dict[str, Any]:
        """Wait for the link, and return the session.

        Raises:
            ProtocolError: why the server cannot be used, or ``timeout``.
        """
        await _bounded(self._online(), timeout_seconds, "connecting to the server")
        assert self.session is not None  # set before the state is
        return self.session

    async def call(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        *,
        timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS,
    ) -> dict[str, Any]:
        """Ask, and return the ``result``. While the link is down the call waits for it.

        Cancelling gives up on the answer; a run that was started goes on.

        Raises:
            ProtocolError: the server's refusal; ``connection/lost`` when the link broke before the
                answer: the same call may be repeated, since ids are made here; ``timeout``.
        """
        return await _bounded(
            self._request(method, params or {}), timeout_seconds, f"waiting for the answer to {method}"
        )

    async def send(
        self, method: str, params: dict[str, Any], *, on_kept: Callable[[], None] | None = None
    ) -> dict[str, Any]:
        """Deliver something with an id made here (``message.send`` and its like), exactly once.

        It survives lost links and the end of this program. Returns the result once it is accepted.
        Cancelling stops the waiting, not the delivery.

        Args:
            method: the operation.
            params: its parameters.
            on_kept: called when it is on the disk: from then on the caller need not keep it.

        Raises:
            ProtocolError: it was refused for good, or cannot be kept on disk (``storage/…``).
        """
        if self._delivery is None:
            raise link_error("capability_missing", "This client was made without an outbox.")
        return await self._delivery.send(method, params, on_kept)

    async def refused(self) -> list[Entry]:
        """Return what ``send`` was refused for good and nobody has discarded, of earlier programs too."""
        return [] if self._delivery is None else await self._delivery.refused()

    async def discard(self, entry_id: str) -> None:
        """Forget what was refused: its text is safe elsewhere, or not wanted any more.

        Args:
            entry_id: ``Entry.id``, or ``OutboxChanged.refused_id``.
        """
        if self._delivery is not None:
            await self._delivery.discard(entry_id)

    def subscribe(
        self, conversation_id: str, *, limit: int = 50, leaf: str | None = None, deltas: bool = True
    ) -> Subscription:
        """Follow a conversation: a snapshot first, then everything that happens, without gaps.

        One that is being made by a message still in the outbox may be followed already.

        Args:
            limit: how many of the newest messages the snapshot holds.
            leaf: the end of the path it shows; the one in use by default.
            deltas: whether to receive text in flight.

        Raises:
            ProtocolError: ``conflict/subscribed``, when this client follows it already.
        """
        if conversation_id in self._subscriptions:
            raise link_error("conflict/subscribed", "This conversation is followed already.")
        subscription = Subscription(
            conversation_id,
            self._request_for_subscription,
            self._unsubscribe,
            window={"limit": limit, **({"leaf": leaf} if leaf else {})},
            deltas=deltas,
        )
        self._subscriptions[conversation_id] = subscription
        return subscription

    def _make_delivery(self, outbox: Outbox | None) -> Delivery | None:
        if outbox is None:
            return None
        return Delivery(
            outbox,
            self._request_patiently,
            lambda: self.state is LinkState.ONLINE,
            self._tell,
            random.random,
        )

    # The link and its life.

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
            if self._delivery is not None:
                await self._delivery.resume()
            return await self._live_once()
        except ProtocolError as error:
            return error
        except Exception as error:
            logging.getLogger(__name__).exception("the link's task failed")
            return link_error("internal", _BROKEN.format(type(error).__name__))

    async def _live_once(self) -> ProtocolError:
        """Open a link and use it until it ends; return why it did."""
        link = await self._dial()
        wire = Wire(link, self._take_notification)
        reading = asyncio.create_task(wire.run(), name="chatty-reader")
        try:
            refusal = await self._introduce(wire)
            if refusal is not None:
                return refusal
            await reading
        except LinkClosed as closed:
            return _lost(closed)
        finally:
            self._wire = None
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await link.close()
            for subscription in self._subscriptions.values():
                subscription.invalidate()
        raise AssertionError("a reader ends only by its link's end")

    async def _introduce(self, wire: Wire) -> ProtocolError | None:
        """Agree with the server on how to talk; return why that was not possible."""
        try:
            async with asyncio.timeout(INITIALIZE_SECONDS):
                session = await wire.request("initialize", self._initialize)
        except TimeoutError:
            return link_error("connection/stuck", _STUCK)
        except ProtocolError as error:
            return None if error.type == "connection/lost" else _refusal(error)
        wire.limit_requests(session.get("limits", {}).get("max_requests_in_flight", 32))
        await self._replace_outdated(wire, session)
        self.session = session
        self._wire = wire
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
        self._tell(LinkChanged(state, error, retry_in_seconds))

    # What is asked over it.

    async def _online(self, *, is_patient: bool = False) -> Wire:
        """Wait for the link.

        Args:
            is_patient: wait on even while the server cannot be used as it is.
        """
        while self._wire is None or not self._wire.is_alive:
            if self.state is LinkState.CLOSED:
                raise link_error("connection/closed", "This client was closed.")
            if self.state is LinkState.REFUSED and self._error is not None and not is_patient:
                raise self._error
            await self._changed.wait()
        return self._wire

    async def _request(
        self, method: str, params: dict[str, Any], *, is_patient: bool = False
    ) -> dict[str, Any]:
        wire = await self._online(is_patient=is_patient)
        if self._large_call is not None and _is_large(params):
            return await asyncio.to_thread(self._large_call, method, params)
        return await wire.request(method, params)

    async def _request_patiently(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        return await self._request(method, params, is_patient=True)

    async def _request_for_subscription(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask; a conversation that is only in the outbox yet is waited for."""
        while True:
            try:
                return await self._request_patiently(method, params)
            except ProtocolError as error:
                if error.family != "not_found" or self._delivery is None:
                    raise
                if not await self._delivery.settle(params["conversation_id"]):
                    raise

    async def _unsubscribe(self, subscription: Subscription) -> None:
        if self._subscriptions.get(subscription.conversation_id) is not subscription:
            return  # it was ended before, and somebody may follow the conversation anew
        del self._subscriptions[subscription.conversation_id]
        if self._wire is None:
            return
        with suppress(ProtocolError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._wire.request(
                    "conversation.unsubscribe", {"conversation_id": subscription.conversation_id}
                )

    # What comes by itself.

    def _take_notification(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case frames.DELTA:
                self._give(params.get("c"), method, params)
            case frames.EVENT:
                self._give(params.get("conversation_id"), method, params)
            case frames.SIGNAL:
                self._tell(Signal(params.get("topic", ""), params.get("type", ""), params.get("data") or {}))
            case frames.NOTICE:
                self._take_notice(params)

    def _give(self, conversation_id: object, method: str, params: dict[str, Any]) -> None:
        if isinstance(conversation_id, str) and (found := self._subscriptions.get(conversation_id)):
            found.take(method, params)

    def _take_notice(self, params: dict[str, Any]) -> None:
        subscription = self._subscriptions.get(params.get("conversation_id") or "")
        match params.get("type"):
            case "heads":
                for conversation_id, seq in (params.get("heads") or {}).items():
                    if found := self._subscriptions.get(conversation_id):
                        found.take_head(seq)
            case "subscription_reset" if subscription is not None:
                subscription.invalidate()
            case "subscription_ended" if subscription is not None:
                self._subscriptions.pop(subscription.conversation_id)
                subscription.end(subscription_ended(params.get("reason")))
            case "draining":
                self._reconnect_after_seconds = params.get("reconnect_after_ms", 0) / 1000
                self._tell(Notice("draining", params))
            case str(other):
                self._tell(Notice(other, params))

    def _tell(self, news: News) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(news)
            except Exception:  # a listener's failure is its own; the link stays
                logging.getLogger(__name__).exception("a listener failed")


def connect(
    target: "Target | None" = None,
    *,
    environ: Mapping[str, str] | None = None,
    client_name: str = "chatty-python",
    heartbeat: "Heartbeat | None" = None,
    backoff: Backoff = LOCAL,
    workspace_signals: bool = False,
) -> Client:
    """Return a client of the server that is meant; use it as ``async with connect() as client``.

    Args:
        target: which server; by default what ``CHATTY_SERVER`` names, else this user's local server,
            which is started when it does not run.
        environ: whose provider keys, proxies and directories to use; the process's own by default.
        client_name: which program calls, for the server's log.
        heartbeat: how soon a dead peer is noticed.
        backoff: how soon to come back after a loss.
        workspace_signals: be told of every conversation that changes, as ``Signal`` news.
    """
    from chatty.client.websocket import STANDARD_HEARTBEAT, WebSocketDial  # 60 ms

    own = os.environ if environ is None else environ
    server = target or target_from_environment(own)
    return Client(
        WebSocketDial(server, heartbeat or STANDARD_HEARTBEAT),
        provider_credentials=provider_credentials(own),
        backoff=backoff,
        outbox=Outbox(os.path.join(Locations.from_environment(own).outbox_dir, server.name)),
        large_call=OneShot(server, environ=own, client_name=client_name).call,
        client_name=client_name,
        workspace_signals=workspace_signals,
    )


def _initialize_params(
    client_name: str, credentials: Mapping[str, Any] | None, *, workspace_signals: bool
) -> dict[str, Any]:
    params: dict[str, Any] = {
        "protocol": {"min": PROTOCOL_MIN, "max": PROTOCOL_MAX},
        "client": {"name": client_name, "version": chatty.__version__, "platform": sys.platform},
    }
    if workspace_signals:
        params["capabilities"] = {"workspace_signals": True}
    if credentials is not None:
        params["provider_credentials"] = credentials
    return params


def _is_large(params: dict[str, Any]) -> bool:
    return len(msgspec.json.encode(params)) > LARGE_FRAME_BYTES


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


def _refusal(error: ProtocolError) -> ProtocolError:
    if error.type != "protocol_unsupported":
        return error
    advice = which_side_to_update(error.details.get("supported"))
    return link_error("protocol_unsupported", advice, **error.details)


async def _bounded(work: Awaitable[_T], seconds: float | None, what: str) -> _T:
    try:
        async with asyncio.timeout(seconds) as bound:
            return await work
    except TimeoutError:
        if not bound.expired():
            raise
        raise timed_out(what) from None
