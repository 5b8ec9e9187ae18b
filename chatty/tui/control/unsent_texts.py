"""What a server refused for good: a draft again, and out of the outbox once it is safe there."""

from typing import Any

from chatty.client.updates import News, OutboxChanged
from chatty.tui.control.desk import Desk
from chatty.tui.state import NEW
from chatty.tui.wishes import Returned


class UnsentTexts:
    """Gives texts back, those that an earlier program left behind too."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen_to: set[str] = set()
        """What is, or was, given back already."""

    def leave_to_sender(self, params: dict[str, Any]) -> None:
        """Whoever sends this hears of its refusal, and gives it back."""
        self._seen_to.add(_entry_id(params))

    def give_back_sent(self, params: dict[str, Any], draft_key: str, text: str) -> None:
        """Give back what was sent from here."""
        self.give_back(_entry_id(params), draft_key, text)

    def give_back(self, entry_id: str, draft_key: str, text: str) -> None:
        """Let the text be a draft again, and drop what the outbox keeps of it when it is safe there."""
        if text:
            self._desk.store.give_back(Returned(draft_key, text, lambda: self._discard(entry_id)))
        else:
            self._discard(entry_id)

    def take(self, news: News) -> None:
        """Hear of what an earlier program has sent, and is refused now."""
        if isinstance(news, OutboxChanged) and news.refused_id is not None:
            self._desk.begin(self.give_back_earlier())

    async def give_back_earlier(self) -> None:
        """Show what was refused while nobody looked."""
        client = await self._desk.client()
        for entry in await client.refused():
            if entry.id in self._seen_to:
                continue
            self._seen_to.add(entry.id)
            text = typed_text(entry.params)
            is_stored = entry.conversation_id in self._desk.store.conversations
            self.give_back(entry.id, entry.conversation_id if is_stored else NEW, text)
            if text:
                self._desk.store.say(f"this could not be sent: {entry.refusal or 'the server refused it'}")

    def _discard(self, entry_id: str) -> None:
        self._desk.begin(self._forget(entry_id))

    async def _forget(self, entry_id: str) -> None:
        await (await self._desk.client()).discard(entry_id)


def _entry_id(params: dict[str, Any]) -> str:
    # With what it loads 6 ms, which the first frame does not wait for.
    from chatty.client.outbox import made_id

    return made_id(params)


def typed_text(params: dict[str, Any]) -> str:
    """What a person wrote of a request; empty when it held no words."""
    parts = params.get("parts") or ()
    return "\n\n".join(str(part["text"]) for part in parts if part.get("text") and not part.get("name"))
