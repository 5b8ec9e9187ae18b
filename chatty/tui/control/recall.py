"""What was asked before, for the up key: of the newest conversations at once, of earlier ones when wanted."""

from typing import Any

from chatty.protocol.errors import ProtocolError
from chatty.tui.control.desk import Desk
from chatty.tui.control.unsent_texts import typed_text

_AT_ONCE, _MORE = 3, 10
"""Conversations looked through at the start, and each time one has gone back that far."""
_MESSAGES = 50
"""The newest of each."""


class Recall:
    """Walks the conversations from the newest to the oldest, no further than somebody goes back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._left: list[str] | None = None
        """Ids that were not looked through; None before the list is known."""
        self._is_looking = False

    def begin(self, conversation_ids: list[str]) -> None:
        """Start with the newest of these; later lists change nothing."""
        if self._left is None:
            self._left = list(conversation_ids)
            self._look(_AT_ONCE)

    def want_earlier(self) -> None:
        """Look further back, unless that is being done or nothing is left."""
        if self._left and not self._is_looking:
            self._look(_MORE)

    def _look(self, count: int) -> None:
        assert self._left is not None
        ids, self._left = self._left[:count], self._left[count:]
        if ids:
            self._is_looking = True
            self._desk.begin(self._bring(ids))

    async def _bring(self, conversation_ids: list[str]) -> None:
        try:
            found = [await self._prompts_of(conversation_id) for conversation_id in conversation_ids]
        finally:
            self._is_looking = False
        prompts = [prompt for prompts in reversed(found) for prompt in prompts]
        if prompts:
            self._desk.store.recall(prompts)
        else:
            self.want_earlier()

    async def _prompts_of(self, conversation_id: str) -> list[str]:
        """What was typed in a conversation, oldest first."""
        wanted: dict[str, Any] = {"conversation_id": conversation_id, "limit": _MESSAGES}
        try:
            page = await self._desk.call("message.list", wanted)
        except ProtocolError:
            return []  # deleted meanwhile: its prompts are gone with it
        texts = (typed_text(message) for message in page["messages"] if message["role"] == "user")
        return [text for text in texts if text.strip()]
