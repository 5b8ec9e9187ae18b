"""Requests and their answers over one link, and whatever else arrives on it.

It matches answers to requests by id and hands notifications on, in the order they came. It knows no
method, opens nothing and never reconnects: when its link ends, every request that waits fails.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from chatty.client.errors import error_from_wire, link_error
from chatty.client.link import Link, LinkClosed
from chatty.protocol import frames
from chatty.protocol.errors import ProtocolError

OnNotification = Callable[[str, dict[str, Any]], None]


class Wire:
    """One link in use.

    Args:
        on_notification: called with method and parameters from within ``run``; must not block.
    """

    def __init__(self, link: Link, on_notification: OnNotification) -> None:
        self._link = link
        self._on_notification = on_notification
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._next_id = 0
        self._ended: LinkClosed | None = None
        self._decode = msgspec.json.Decoder().decode
        self._in_flight = asyncio.Semaphore(32)

    @property
    def is_alive(self) -> bool:
        """Whether the link has not ended yet, as far as anybody noticed."""
        return self._ended is None

    def limit_requests(self, in_flight: int) -> None:
        """Take over the server's bound on unanswered requests; further ones wait their turn."""
        self._in_flight = asyncio.Semaphore(max(1, in_flight))

    async def run(self) -> None:
        """Read until the link ends.

        Raises:
            LinkClosed: always, in the end.
        """
        try:
            while True:
                self._take(await self._link.receive())
        except LinkClosed as closed:
            self._ended = closed
            raise
        finally:
            self._fail_pending()

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask, and return the ``result``. Cancelling gives up on the answer, not on what was asked for.

        Raises:
            ProtocolError: the server's refusal; ``connection/lost`` when the link ended first: whether
                the request was carried out is then unknown.
        """
        async with self._in_flight:
            self._next_id += 1
            return await self._exchange(self._next_id, method, params)

    async def _exchange(self, request_id: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if self._ended is not None:
            raise _lost()
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = answer
        try:
            await self._link.send(msgspec.json.encode(frames.request(request_id, method, params)))
            return await answer
        except LinkClosed as closed:
            self._ended = closed  # the reader may hear of it later; nobody is to try again until then
            raise _lost() from closed
        except asyncio.CancelledError:
            await self._give_up(request_id)
            raise
        finally:
            self._pending.pop(request_id, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # seen: it may have failed while the send was failing too

    async def _give_up(self, request_id: int) -> None:
        try:
            await self._link.send(
                msgspec.json.encode(frames.notification(frames.CANCEL_REQUEST, {"id": request_id}))
            )
        except LinkClosed:
            pass

    def _take(self, data: bytes) -> None:
        try:
            frame = self._decode(data)
        except msgspec.DecodeError:
            raise LinkClosed(frames.CloseCode.PROTOCOL, "the server sent a frame that is not JSON") from None
        if not isinstance(frame, dict):
            return
        if "method" in frame:
            self._on_notification(frame["method"], frame.get("params") or {})
        elif (answer := self._pending.get(frame.get("id", 0))) is not None and not answer.done():
            if "error" in frame:
                answer.set_exception(error_from_wire(frame["error"]))
            else:
                answer.set_result(frame.get("result") or {})

    def _fail_pending(self) -> None:
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(_lost())


def _lost() -> ProtocolError:
    return link_error(
        "connection/lost",
        "The connection broke before the answer came; what the server accepted is kept.",
    )
