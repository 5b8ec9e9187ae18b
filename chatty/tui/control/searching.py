"""Searching as one types: filters are taken out of the words, and only the newest question is asked."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from chatty.protocol.errors import ProtocolError
from chatty.tui.control.desk import Desk

_PAUSE_SECONDS = 0.08
"""Typing goes on within this time: nothing is asked before it has passed."""
_HITS = 50
_FILTER = re.compile(r"(from|role|model|project|before|after):(\S+)")
_DATE = re.compile(r"\d{4}(-\d{2}){0,2}")


class Searching:
    """Asks the server, for the newest words only."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._task: asyncio.Task[None] | None = None

    def search(self, words: str) -> None:
        """Look for these words; what was asked before no longer matters."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._desk.begin(self._search(words))

    async def _search(self, words: str) -> None:
        params = question(words, self._desk.store.projects)
        if params is None:
            self._desk.store.apply_hits([])
            return
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            answer = await self._desk.call("search.query", {**params, "limit": _HITS})
        except ProtocolError as error:
            if error.family != "invalid_params":
                raise
            return  # half a phrase or an operator alone: the next letter makes it whole
        self._desk.store.apply_hits(answer["items"])


def question(words: str, projects: Mapping[str, str]) -> dict[str, Any] | None:
    """The parameters of `search.query` for what was typed; None when nothing can be found with it.

    `from:me` means questions, `from:` anything else answers; dates may stop at the year or the month.
    """
    params: dict[str, Any] = {}
    for name, value in _FILTER.findall(words):
        if name in ("from", "role"):
            params["role"] = "user" if value in ("me", "user") else "assistant"
        elif name == "model":
            params["model"] = value
        elif name == "project":
            found = [key for key, known in projects.items() if known.casefold().startswith(value.casefold())]
            if not found:
                return None
            params["project_id"] = found[0]
        elif _DATE.fullmatch(value):
            params[name] = f"{value}{'-01-01'[: 10 - len(value)] if len(value) < 10 else ''}T00:00:00.000Z"
    query = _FILTER.sub("", words).strip()
    return {"query": query, **params} if query else None
