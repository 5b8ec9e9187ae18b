"""The list of conversations: kept up to date, and what is done to the one that is open as a whole."""

from chatty.protocol.errors import ProtocolError
from chatty.tui.control.conversation import Conversation
from chatty.tui.control.desk import Desk


class Chats:
    """The side bar's rows and what changes them."""

    def __init__(self, desk: Desk, conversation: Conversation) -> None:
        self._desk = desk
        self._store = desk.store
        self._conversation = conversation
        self._put_away: list[str] = []
        """Deleted or archived from here, the last one last."""

    async def load(self) -> list[str]:
        """Fetch the list anew; returns the ids, newest first."""
        rows = await self._desk.every("conversation.list", {})
        self._store.apply_conversations(rows)
        return [row["id"] for row in rows]

    def rename(self, title: str) -> None:
        """Give the open conversation a title."""
        opened = self._store.open
        if opened is None:
            return
        if opened.is_new:
            self._store.say("there is nothing to name yet")
            return
        before = opened.title
        self._store.set_title(title)
        self._desk.begin(self._update(opened.id, title, before))

    def put_away(self, method: str, word: str) -> None:
        """Delete or archive the open conversation and go on with a new one."""
        opened = self._store.open
        if opened is None or opened.is_new or not opened.id:
            self._store.say(f"there is nothing to be {word} yet")
            return
        self._desk.begin(self._put_out_of_sight(opened.id, opened.title, method, word))

    def restore(self) -> None:
        """Bring back what was put away last, and open it."""
        if not self._put_away:
            self._store.say("nothing was deleted or archived from here")
            return
        self._desk.begin(self._bring_back(self._put_away[-1]))

    async def _update(self, conversation_id: str, title: str, before: str) -> None:
        try:
            await self._desk.call("conversation.update", {"conversation_id": conversation_id, "title": title})
        except ProtocolError:
            if self._store.open is not None and self._store.open.id == conversation_id:
                self._store.set_title(before)
            raise

    async def _put_out_of_sight(self, conversation_id: str, title: str, method: str, word: str) -> None:
        self._conversation.open_new()
        answer = await self._desk.call(method, {"conversation_id": conversation_id})
        self._put_away.append(conversation_id)
        self._store.apply_conversation_touched(answer["conversation"])
        # The way back first: where the row is narrow its end is cut.
        self._store.say(f"{word} · /restore brings it back · “{title}”")

    async def _bring_back(self, conversation_id: str) -> None:
        answer = await self._desk.call("conversation.restore", {"conversation_id": conversation_id})
        if conversation_id in self._put_away:
            self._put_away.remove(conversation_id)
        self._store.apply_conversation_touched(answer["conversation"])
        self._conversation.open(conversation_id)
        self._store.say("restored")
