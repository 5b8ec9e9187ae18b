"""One connection: a state machine over a channel, its subscriptions, and its requests in flight.

Everything here can be made again from the client's own memory: there is no session to resume. The
connection knows frames, order and limits; what a method does is the dispatcher's business.
"""

import asyncio
import enum
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from chatty.protocol.errors import ProtocolError
from chatty.protocol.frames import CloseCode, RequestId
from chatty.protocol.lifecycle import ProviderCredentials
from chatty.protocol.limits import Limits
from chatty.server.live.hub import Hub
from chatty.server.outbound import Channel, Outbound
from chatty.server.subscription import Subscription

logger = logging.getLogger(__name__)

encode = msgspec.json.Encoder().encode


class State(enum.Enum):
    """Where a connection stands."""

    OPENED = "opened"
    """Accepts `initialize` only."""
    INITIALIZED = "initialized"
    CLOSED = "closed"


class Connection:
    """One peer. Created by an endpoint, which feeds it and tells it when the socket is gone."""

    def __init__(
        self,
        channel: Channel,
        hub: Hub,
        limits: Limits,
        *,
        is_trusted_socket: bool,
        is_one_shot: bool = False,
    ) -> None:
        self.channel = channel
        self.limits = limits
        self.is_trusted_socket = is_trusted_socket
        """A unix socket whose peer the kernel vouches for: provider credentials may come this way."""
        self.is_one_shot = is_one_shot
        """One request and its run, then the end: nobody stays to be asked for a key."""
        self.state = State.OPENED
        self.credentials: ProviderCredentials | None = None
        """What the peer's shell knows; never leaves this object but into its own runs.

        Kept when the socket is gone: a request that was begun then is carried to its end, and the run
        it begins needs the key. It goes with this object, when the last such request has ended.
        """
        self.deltas = True
        self.wants_workspace_signals = False
        self.focus: str | None = None
        self.outbound = Outbound(channel, self._on_lagged, keeps_events=is_one_shot)
        self.on_ephemeral_end: dict[str, Callable[[], Awaitable[None]]] = {}
        """Ephemeral conversation -> what forgets it; run when the connection ends."""
        self._hub = hub
        self._subscriptions: dict[str, Subscription] = {}
        self._in_flight: dict[RequestId, asyncio.Task[None]] = {}
        self._cancellable: set[RequestId] = set()
        self._order: dict[str, asyncio.Lock] = {}

    # Requests in flight

    def begin(self, request_id: RequestId, task: asyncio.Task[None], *, may_be_cancelled: bool) -> None:
        """Note a request until it is answered. A change that was begun is always carried to its end."""
        self._in_flight[request_id] = task
        if may_be_cancelled:
            self._cancellable.add(request_id)

    def end(self, request_id: RequestId) -> None:
        """Note that a request is being answered: its id is free again."""
        self._in_flight.pop(request_id, None)
        self._cancellable.discard(request_id)

    def refuse_if_busy(self, request_id: RequestId) -> None:
        """Refuse an id in use and a flood.

        Raises:
            ProtocolError: `invalid_request` or `overloaded`.
        """
        if request_id in self._in_flight:
            raise ProtocolError("invalid_request", f"request id {request_id!r} is still in use")
        if len(self._in_flight) >= self.limits.max_requests_in_flight:
            raise ProtocolError(
                "overloaded", "too many requests are unanswered; wait for an answer", retry_after_ms=100
            )
        if self.outbound.is_full:
            raise ProtocolError("overloaded", "too many answers are unread; read them", retry_after_ms=1000)

    def cancel_request(self, request_id: RequestId) -> None:
        """Give up on a request; it is still answered."""
        if request_id in self._cancellable:
            # In the loop's next turn: a task that has not begun yet would end without an answer.
            asyncio.get_running_loop().call_soon(self._in_flight[request_id].cancel)

    async def earlier_changes_end(self) -> None:
        """Wait for the changes that were begun on this connection before the request that calls this."""
        own, earlier = asyncio.current_task(), []
        for request_id, task in self._in_flight.items():
            if task is own:
                break
            if request_id not in self._cancellable:
                earlier.append(task)
        if earlier:
            await asyncio.wait(earlier)

    def dealt_with(self, awaits_run: str | None = None) -> None:
        """Called once for every frame, after its answer and everything that belongs to it, if it has one."""

    def turn(self, conversation_id: str) -> asyncio.Lock:
        """Return the lock that keeps requests naming one conversation in order of arrival."""
        lock = self._order.get(conversation_id)
        if lock is None:
            if len(self._order) > 256:
                self._order = {key: kept for key, kept in self._order.items() if kept.locked()}
            lock = self._order[conversation_id] = asyncio.Lock()
        return lock

    # Subscriptions

    def subscribe(self, conversation_id: str, *, deltas: bool = True) -> Subscription:
        """Join a conversation's feed, holding what comes until the subscription is released.

        Raises:
            ProtocolError: `overloaded`: too many subscriptions.
        """
        self.unsubscribe(conversation_id)
        if len(self._subscriptions) >= self.limits.max_subscriptions:
            raise ProtocolError(
                "overloaded", "this connection watches too many conversations", retryable=False
            )
        subscription = Subscription(conversation_id, self.outbound, deltas=deltas and self.deltas)
        if self.state is not State.CLOSED:  # a request begun before the end has nobody to tell
            self._subscriptions[conversation_id] = subscription
            self._hub.join(conversation_id, subscription)
        return subscription

    def subscription(self, conversation_id: str) -> Subscription | None:
        """Return the subscription to a conversation, if there is one."""
        return self._subscriptions.get(conversation_id)

    def unsubscribe(self, conversation_id: str) -> None:
        """Leave a feed; leaving twice is the same as leaving once."""
        if subscription := self._subscriptions.pop(conversation_id, None):
            self._hub.leave(conversation_id, subscription)
            self.outbound.drop(conversation_id)

    def heads(self) -> dict[str, int]:
        """Return the newest `seq` passed on, by conversation, of every released subscription."""
        return {
            conversation_id: subscription.head
            for conversation_id, subscription in self._subscriptions.items()
            if subscription.head is not None
        }

    # The way out

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification that belongs to no conversation's log."""
        self.outbound.send(encode({"jsonrpc": "2.0", "method": method, "params": params}))

    def close(self, code: int = CloseCode.GOING_AWAY, reason: str = "") -> None:
        """Say good-bye; the endpoint calls `closed` when the socket is gone."""
        self.channel.close(code, reason)

    async def closed(self) -> None:
        """The socket is gone: leave every feed, give up queries, forget what lived only here.

        Changes that were begun come to their end first: they may still make what is to be forgotten.
        """
        self.state = State.CLOSED
        for conversation_id in list(self._subscriptions):
            self.unsubscribe(conversation_id)
        for request_id in list(self._cancellable):
            self._in_flight[request_id].cancel()
        self.outbound.closed()
        if self._in_flight:
            await asyncio.wait(list(self._in_flight.values()))
        for conversation_id, forget in list(self.on_ephemeral_end.items()):
            try:
                await forget()
            except Exception:  # the next one must be forgotten all the same
                logger.exception("ephemeral conversation %s could not be forgotten", conversation_id)
        self.on_ephemeral_end.clear()

    def _on_lagged(self, conversation_ids: set[str]) -> None:
        for conversation_id in conversation_ids:
            self.unsubscribe(conversation_id)
            self.notify(
                "notice",
                {"type": "subscription_reset", "conversation_id": conversation_id, "reason": "lagged"},
            )
