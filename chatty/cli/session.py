"""The server as a command sees it: calls, and lists that page themselves.

One connection per call, which is what a one-shot command can afford (``chatty.client.oneshot``).
It prints nothing and knows no command.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from chatty.client.oneshot import OneShot, RpcStream
from chatty.client.target import target_from_environment

PAGE_ROWS = 200
"""The largest page a server gives."""


class Session:
    """The server named by ``CHATTY_SERVER``; the local one is started when it does not run.

    Args:
        start: whether the local server may be started for this.
        timeout_seconds: what a call may take when it does not say so itself.
    """

    def __init__(self, *, start: bool = True, timeout_seconds: float | None = None) -> None:
        self._timeout_seconds = timeout_seconds
        self._one_shot = OneShot(target_from_environment(os.environ, start=start))

    @property
    def server_pid(self) -> int | None:
        """The process that answered the newest call, ``None`` before the first."""
        session = self._one_shot.session
        return None if session is None else int(session["server"]["pid"])

    @property
    def user_id(self) -> str | None:
        """Who the server that answered the newest call takes us for, ``None`` before the first."""
        session = self._one_shot.session
        return None if session is None else str(session["user"]["id"])

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the server that answered the newest call can do; nothing before the first."""
        session = self._one_shot.session
        return {} if session is None else session["capabilities"]

    def call(
        self, method: str, params: Mapping[str, Any], *, timeout_seconds: float | None = None
    ) -> dict[str, Any]:
        """Ask once and return the result.

        Raises:
            ProtocolError: refused, or the server cannot be reached.
        """
        allowed = self._timeout_seconds if timeout_seconds is None else timeout_seconds
        return self._one_shot.call(method, params, timeout_seconds=allowed)

    def stream(self, method: str, params: Mapping[str, Any]) -> RpcStream:
        """Ask once and return the frames as they come, however long that takes: the response comes first."""
        return self._one_shot.stream(method, params)

    def page(
        self, method: str, params: Mapping[str, Any], *, limit: int, cursor: str | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return up to ``limit`` rows, over as many pages as that takes, and the cursor behind them."""
        rows: list[dict[str, Any]] = []
        while True:
            size = min(limit - len(rows), PAGE_ROWS)
            answer = self.call(method, {**params, "limit": size, **({"cursor": cursor} if cursor else {})})
            rows += answer["items"]
            cursor = answer.get("next")
            if cursor is None or len(rows) >= limit:
                return rows, cursor

    def every(self, method: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield all rows of a list, page by page, fetching no further than the caller reads."""
        cursor: str | None = None
        while True:
            rows, cursor = self.page(method, params, limit=PAGE_ROWS, cursor=cursor)
            yield from rows
            if cursor is None:
                return
