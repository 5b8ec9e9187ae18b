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
_PAGES = 5
"""A filter that few matches pass leaves pages short: so many are put together."""
_FILTER = re.compile(r"(from|role|model|project|before|after):(\S+)")
_UNFINISHED = re.compile(r"(?:^|\s)[^\W_](?:\S*[^\W_])?$")
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
            self._desk.store.apply_found(words, [])
            return
        await asyncio.sleep(_PAUSE_SECONDS)
        try:
            await self._collect(words, params)
        except ProtocolError as error:
            if error.family != "invalid_params":
                raise
            # Half a phrase or an operator alone: the next letter makes it whole.

    async def _collect(self, words: str, params: dict[str, Any]) -> None:
        rows: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            place = {"cursor": cursor} if cursor else {}
            page = await self._desk.call("search.query", {**params, "limit": _HITS, **place})
            rows += page["items"]
            cursor = page.get("next")
            if cursor is None or len(rows) >= _HITS:
                break
        self._desk.store.apply_found(words, rows[:_HITS], has_more=cursor is not None or len(rows) > _HITS)


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
    query = _FILTER.sub("", words)
    return {"query": _with_prefix(query).strip(), **params} if query.strip() else None


def _with_prefix(query: str) -> str:
    """Let the last word be the beginning of one while it is being typed: no space has followed it yet."""
    is_in_phrase = query.count('"') % 2 == 1
    return f"{query}*" if _UNFINISHED.search(query) and not is_in_phrase else query
