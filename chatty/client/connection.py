"""The client of a program that stays: what is asked of one server, and what it tells by itself.

Below it lies a ``StandingLink``, which is kept up whatever happens; beside it subscriptions, the outbox
and the view. It holds no conversation and shows nothing. After a lost link it delivers what was not
accepted, and each subscription asks for what it has not seen.
"""

import asyncio
import logging
import os
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from chatty.client.backoff import LOCAL, Backoff
from chatty.client.credentials import provider_credentials
from chatty.client.delivery import Delivery
from chatty.client.errors import link_error, timed_out
from chatty.client.link import Dial
from chatty.client.locations import Locations
from chatty.client.oneshot import OneShot
from chatty.client.outbox import Entry, Outbox
from chatty.client.standing_link import StandingLink, initialize_params
from chatty.client.subscription import Subscription, subscription_ended
from chatty.client.target import target_from_environment
from chatty.client.updates import LinkState, News, Notice, Signal
from chatty.protocol import frames
from chatty.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from chatty.client.target import Target
    from chatty.client.websocket import Heartbeat

DEFAULT_TIMEOUT_SECONDS = 30.0

LARGE_FRAME_BYTES = 256 << 10
"""Requests beyond this travel on a connection of their own, so that none blocks the others."""

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
        self._large_call = large_call
        self._delivery = self._make_delivery(outbox)
        self._listeners: list[Callable[[News], None]] = []
        self._subscriptions: dict[str, Subscription] = {}
        self._link = StandingLink(
            dial,
            initialize_params(client_name, provider_credentials, workspace_signals=workspace_signals),
            backoff,
            prepare=self._resume_delivery,
            on_notification=self._take_notification,
            on_lost=self._on_lost,
            on_change=self._tell,
        )

    async def __aenter__(self) -> "Client":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def state(self) -> LinkState:
        """Where the link stands."""
        return self._link.state

    @property
    def session(self) -> dict[str, Any] | None:
        """The result of ``initialize``, ``None`` while the server has not answered yet."""
        return self._link.session

    def start(self) -> None:
        """Begin to connect, and stay connected until ``close``."""
        self._link.start()

    async def close(self) -> None:
        """Close the link and end every subscription. What was not accepted stays in the outbox."""
        if self.state is LinkState.CLOSED:
            return
        if self._delivery is not None:
            await self._delivery.close()
        self._link.let_go()  # the server learns from the link's end that nobody follows any more
        for subscription in list(self._subscriptions.values()):
            await subscription.close()
        await self._link.close()

    def listen(self, listener: Callable[[News], None]) -> Callable[[], None]:
        """Call the listener with all news from now on; returns what ends that. It must not block."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def unsent(self) -> int:
        """How many messages wait in the outbox."""
        return 0 if self._delivery is None else self._delivery.waiting

    def retry_now(self) -> None:
        """Try at once instead of after the wait; the way out of ``LinkState.REFUSED``."""
        self._link.retry_now()

    async def wait_online(self, timeout_seconds: float | None = DEFAULT_TIMEOUT_SECONDS) -> dict[str, Any]:
        """Wait for the link, and return the session.

        Raises:
            ProtocolError: why the server cannot be used, or ``timeout``.
        """
        await _bounded(self._link.online(), timeout_seconds, "connecting to the server")
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
            on_kept: called when it is on a disk, here or at the server: from then on the caller need not
                keep it.

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

        One that is being made by a message still in the outbox may be followed already. It is followed
        until the subscription is closed, for example by ``async with``.

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

    # What is asked over it.

    async def _request(
        self, method: str, params: dict[str, Any], *, is_patient: bool = False
    ) -> dict[str, Any]:
        wire = await self._link.online(is_patient=is_patient)
        if self._large_call is not None and _is_large(params):
            return await asyncio.to_thread(self._large_call, method, params)
        return await wire.request(method, params)

    async def _request_patiently(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        return await self._request(method, params, is_patient=True)

    async def _request_for_subscription(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask; a conversation that is only in the outbox yet, or was when we asked, is asked for again."""
        conversation_id = params["conversation_id"]
        while True:
            accepted = 0 if self._delivery is None else self._delivery.accepted(conversation_id)
            try:
                return await self._request_patiently(method, params)
            except ProtocolError as error:
                if error.family != "not_found" or self._delivery is None:
                    raise
                had_some = await self._delivery.settle(conversation_id)
                if not had_some and self._delivery.accepted(conversation_id) == accepted:
                    raise

    async def _unsubscribe(self, subscription: Subscription) -> None:
        if self._subscriptions.get(subscription.conversation_id) is not subscription:
            return  # it was ended before, and somebody may follow the conversation anew
        del self._subscriptions[subscription.conversation_id]
        if (wire := self._link.wire) is None:
            return
        with suppress(ProtocolError, TimeoutError):
            async with asyncio.timeout(1.0):
                await wire.request(
                    "conversation.unsubscribe", {"conversation_id": subscription.conversation_id}
                )

    async def _resume_delivery(self) -> None:
        if self._delivery is not None:
            await self._delivery.resume()

    def _on_lost(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.invalidate()

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
                self._link.come_back_after(params.get("reconnect_after_ms", 0) / 1000)
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


def _is_large(params: dict[str, Any]) -> bool:
    return len(msgspec.json.encode(params)) > LARGE_FRAME_BYTES


async def _bounded(work: Awaitable[_T], seconds: float | None, what: str) -> _T:
    try:
        async with asyncio.timeout(seconds) as bound:
            return await work
    except TimeoutError:
        if not bound.expired():
            raise
        raise timed_out(what) from None
