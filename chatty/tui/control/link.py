"""The state of the link as the header says it."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatty.client.updates import LinkChanged, LinkState, News, OutboxChanged, Signal
from chatty.tui.state import Link
from chatty.tui.store import Store

if TYPE_CHECKING:
    from chatty.client.connection import Client


class LinkWatch:
    """Hears the client's news and tells the store.

    Args:
        on_online: called each time the link stands anew.
    """

    def __init__(self, store: Store, server: str, on_online: Callable[[], None]) -> None:
        self._store = store
        self._server = server
        self._on_online = on_online
        self._was_online = False
        self._client: Client | None = None
        self._waiting = 0

    def watch(self, client: "Client") -> None:
        """Follow this client's link."""
        self._client = client
        client.listen(self._take)

    def _take(self, news: News) -> None:
        match news:
            case LinkChanged():
                self._link_changed(news)
            case OutboxChanged():
                self._waiting = news.waiting
                self._show(self._store.link)
            case Signal(type="conversation.touched"):
                self._store.apply_conversation_touched(news.data["conversation"])
            case Signal(type="run.not_kept"):
                self._store.say(f"the answer cannot be kept yet: {news.data['error']['message']}")

    def _link_changed(self, changed: LinkChanged) -> None:
        match changed.state:
            case LinkState.ONLINE:
                self._was_online = True
                self._introduce()
                self._show(Link(kind="well"))
                self._on_online()
            case LinkState.WAITING:
                retry_at_ms = None
                if changed.retry_in_seconds is not None:
                    retry_at_ms = time.time_ns() // 1_000_000 + int(changed.retry_in_seconds * 1000)
                self._show(Link(kind="connecting", retry_at_ms=retry_at_ms))
            case LinkState.REFUSED:
                self._show(Link(kind="offline"))
            case _:
                has_failed = self._was_online or changed.error is not None
                self._show(Link(kind="connecting" if has_failed else "starting"))
        if changed.error is not None and _is_worth_saying(changed):
            self._store.say(changed.error.message, is_of_link=True)

    def _introduce(self) -> None:
        session = self._client.session if self._client is not None else None
        if session is not None:
            is_local = bool(session["capabilities"].get("local"))
            self._store.introduce(None if is_local else session["user"]["id"])

    def _show(self, link: Link) -> None:
        self._store.apply_link(Link(self._server, link.kind, link.retry_at_ms, self._waiting))


def _is_worth_saying(changed: LinkChanged) -> bool:
    """A link that is lost and comes back says so in the header; what needs a person needs a sentence."""
    assert changed.error is not None
    if changed.state is LinkState.REFUSED:
        return True
    return changed.state is LinkState.WAITING and changed.error.type not in ("connection/lost", "timeout")
