"""Following one conversation: a stream of updates in order, with every gap filled.

The stream is driven by whoever iterates over it: between two steps nothing happens but that
notifications gather. It survives lost links, restarts of the server and its own slowness by asking
again for what it has not seen. It keeps no text; ``chatty.client.view`` does.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from chatty.client.cursor import Cursor, Gap, Place
from chatty.client.errors import link_error
from chatty.client.updates import Delta, Event, Snapshot, Update
from chatty.protocol import frames
from chatty.protocol.errors import ProtocolError

HOLD_SECONDS = 0.25
"""How long an event may wait for the one before it: servers side by side may deliver out of order."""

MAX_WAITING = 10_000
"""Notifications that may wait for a slow program; beyond that they are dropped and asked for again."""

_PASSING = ("connection/lost", "timeout")

Request = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class Subscription:
    """An asynchronous iterator of ``Snapshot``, ``Event`` and ``Delta``; made by ``Client.subscribe``.

    It begins with a snapshot; another one may come at any time and replaces everything. Iterating may
    be cancelled and taken up again without losing anything, so leaving a loop does not end it: ``close``
    does, or ``async with``. It also ends when the conversation may no longer be seen (``ProtocolError`` of
    type ``forbidden`` or ``not_found``).

    Attributes:
        conversation_id: what is followed.
    """

    def __init__(
        self,
        conversation_id: str,
        request: Request,
        on_close: Callable[["Subscription"], Awaitable[None]],
        *,
        window: dict[str, Any],
        deltas: bool,
    ) -> None:
        self.conversation_id = conversation_id
        self._request = request
        self._on_close = on_close
        self._window = window
        self._deltas = deltas
        self._cursor = Cursor(follows_text=deltas)
        self._wants_snapshot = True
        self._is_current = False
        self._is_closed = False
        self._ended: ProtocolError | None = None
        self._inbox: deque[tuple[str, dict[str, Any]]] = deque()
        self._early: dict[int, dict[str, Any]] = {}
        self._ready: deque[Update] = deque()
        self._behind_since: float | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> "Subscription":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> Update:
        """Return the next update.

        Raises:
            ProtocolError: ``forbidden`` or ``not_found``: there is nothing to follow (any more).
        """
        while True:
            if self._ready:
                return self._ready.popleft()
            if self._is_closed:
                raise StopAsyncIteration
            if self._ended is not None and not (self._inbox and self._is_current):
                raise self._ended
            await self._advance()

    def refresh(self, *, leaf: str | None = None, limit: int | None = None) -> None:
        """Ask for a new snapshot, for example of the path to another leaf; it comes as the next update."""
        wanted = {"leaf": leaf, "limit": limit}
        self._window |= {name: value for name, value in wanted.items() if value is not None}
        self._wants_snapshot = True
        self.invalidate()

    def invalidate(self) -> None:
        """Note that notifications may have been missed; the next step asks the server for them."""
        self._is_current = False
        self._news.set()

    def take(self, method: str, params: dict[str, Any]) -> None:
        """Accept a notification of this conversation; never blocks."""
        if len(self._inbox) >= MAX_WAITING:
            self._inbox.clear()
            self.invalidate()
        else:
            self._inbox.append((method, params))
        self._news.set()

    def take_head(self, seq: int) -> None:
        """Accept the server's word on its newest event, so that a lost last one is noticed."""
        if seq > self._cursor.seq and self._behind_since is None:
            self._behind_since = monotonic()
            self._news.set()

    def end(self, error: ProtocolError) -> None:
        """Let the stream end with the error after what has arrived already."""
        self._ended = error
        self._news.set()

    async def close(self) -> None:
        """End the stream and tell the server; doing so twice is fine."""
        if not self._is_closed:
            self._is_closed = True
            self._news.set()
            await self._on_close(self)

    async def _advance(self) -> None:
        """Do one step: ask for what was missed, or handle one notification, or wait for one."""
        if self._ended is None and (not self._is_current or self._has_waited_too_long()):
            await self._synchronise()
        elif self._inbox:
            await self._handle_first()
        else:
            await self._wait()

    async def _wait(self) -> None:
        self._news.clear()
        if self._inbox or self._ended or self._is_closed or not self._is_current:
            return
        hold = None
        if self._behind_since is not None:
            hold = max(0.0, self._behind_since + HOLD_SECONDS - monotonic())
        try:
            async with asyncio.timeout(hold):
                await self._news.wait()
        except TimeoutError:
            pass

    def _has_waited_too_long(self) -> bool:
        return self._behind_since is not None and monotonic() >= self._behind_since + HOLD_SECONDS

    async def _synchronise(self) -> None:
        """Ask for the events since the last one handed on, or for a snapshot."""
        self._inbox.clear()
        self._early.clear()
        self._behind_since = None
        self._is_current = True
        try:
            result = await self._request("conversation.subscribe", self._subscribe_params())
        except ProtocolError as error:
            self._is_current = False
            await self._bear(error)
            return
        except BaseException:
            self._is_current = False
            raise
        if result["mode"] == "snapshot":
            self._wants_snapshot = False
            self._cursor.adopt(result)
            self._ready.append(Snapshot(result))
        else:
            self._put_in_front(result)

    def _subscribe_params(self) -> dict[str, Any]:
        params: dict[str, Any] = {
            "conversation_id": self.conversation_id,
            "window": self._window,
            "deltas": self._deltas,
        }
        if not self._wants_snapshot:
            params["since"] = {"history_id": self._cursor.history_id, "seq": self._cursor.seq}
        return params

    async def _bear(self, error: ProtocolError) -> None:
        """Pass over a failure that ends by itself; raise every other one."""
        if error.type in _PASSING:
            return
        if not error.retryable or error.family == "connection":
            raise error
        await asyncio.sleep((error.retry_after_ms or 1000) / 1000)

    def _put_in_front(self, tail: dict[str, Any]) -> None:
        """Queue what was missed before what has arrived since."""
        missed = [(frames.EVENT, event) for event in tail.get("events", ())]
        texts = [(frames.DELTA, _as_delta(self.conversation_id, part)) for part in tail.get("open_parts", ())]
        self._inbox.extendleft(reversed(missed + texts))

    async def _handle_first(self) -> None:
        """Handle the oldest notification; it is dropped only once that has gone through."""
        method, params = self._inbox[0]
        try:
            await self._handle(method, params)
        except _StartOver:
            self.invalidate()
            return
        if self._inbox and self._inbox[0][1] is params:  # a full inbox is emptied meanwhile
            self._inbox.popleft()

    async def _handle(self, method: str, params: dict[str, Any]) -> None:
        if method == frames.DELTA:
            await self._handle_delta(_delta(params))
        else:
            await self._handle_event(params)

    async def _handle_event(self, params: dict[str, Any]) -> None:
        match self._cursor.place(params["seq"]):
            case Place.OLD:
                return
            case Place.EARLY:
                self._early[params["seq"]] = params
                self._behind_since = self._behind_since or monotonic()
                return
        await self._hand_on(_event(params))
        while (following := self._early.pop(self._cursor.seq + 1, None)) is not None:
            await self._hand_on(_event(following))
        if not self._early:
            self._behind_since = None

    async def _hand_on(self, event: Event) -> None:
        for gap in self._cursor.gaps_before(event):
            await self._fill(gap)
        self._cursor.advance(event)
        self._ready.append(event)

    async def _handle_delta(self, delta: Delta) -> None:
        fitted = self._cursor.fit(delta)
        if isinstance(fitted, Gap):
            await self._fill(fitted)
            fitted = self._cursor.fit(delta)
        if isinstance(fitted, Delta):
            self._cursor.extend(fitted)
            self._ready.append(fitted)

    async def _fill(self, gap: Gap) -> None:
        """Read the missing text of a part; what cannot be read leads to a new snapshot."""
        try:
            await self._read_on(gap.message_id, gap.part, gap.start)
        except ProtocolError as error:
            self._wants_snapshot = self._wants_snapshot or error.type not in _PASSING
            raise _StartOver from error

    async def _read_on(self, message_id: str, part: int, start: int) -> None:
        while True:
            piece = await self._request(
                "part.read",
                {
                    "conversation_id": self.conversation_id,
                    "message_id": message_id,
                    "part": part,
                    "from": start,
                },
            )
            if start and piece["g"] != self._cursor.generation(message_id, part):
                start = 0  # the text was begun anew: what we have of it is void
                continue
            start = min(start, piece["len"])
            delta = Delta(message_id, part, start, piece["text"], piece["g"], piece["type"])
            self._cursor.extend(delta)
            self._ready.append(delta)
            start += len(piece["text"])
            if start >= piece["len"] or not piece["text"]:
                return


class _StartOver(Exception):
    """Something that is needed cannot be had now; what was handed on so far stands."""


def _event(params: dict[str, Any]) -> Event:
    return Event(
        params["conversation_id"],
        params["seq"],
        params["type"],
        params.get("at", ""),
        params.get("actor"),
        params.get("data") or {},
    )


def _delta(params: dict[str, Any]) -> Delta:
    return Delta(
        params["m"], params["p"], params["o"], params["d"], params.get("g", 0), params.get("t", "text")
    )


def _as_delta(conversation_id: str, part: dict[str, Any]) -> dict[str, Any]:
    return {
        "c": conversation_id,
        "m": part["message_id"],
        "p": part["part"],
        "o": part.get("from", 0),
        "d": part["text"],
        "g": part["g"],
        "t": part["type"],
    }


def subscription_ended(reason: str | None) -> ProtocolError:
    """Return the error with which a stream ends that the server has ended."""
    if reason == "forbidden":
        return link_error("forbidden", "You may no longer see this conversation.")
    return link_error("not_found", "The conversation is no longer there.")
