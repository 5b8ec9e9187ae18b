"""Keeps what the user writes, each text as the draft of the conversation it is meant for.

The composer shows one draft; the others are in the `DraftKeeper`. Texts that were sent and are in no outbox
yet are kept under a name of their own. It sends nothing.
"""

from chatty.tui.actions import is_mistyped_command
from chatty.tui.draft_keeper import DraftKeeper
from chatty.tui.drafts import EMPTY, Draft, joined
from chatty.tui.state import OpenConversation
from chatty.tui.store import Store
from chatty.tui.widgets.composer import Composer
from chatty.tui.wishes import Returned

UNSENT = "unsent"
"""The draft of texts on their way to the outbox."""


class Writing:
    """What is being written, and where it is kept."""

    def __init__(self, composer: Composer, store: Store, drafts: DraftKeeper) -> None:
        self._composer, self._store, self._drafts = composer, store, drafts
        self._opened: OpenConversation | None = None
        """The one on the screen, which the composer's text is for."""
        self._key = ""
        """The name its draft was kept under last."""
        self._unsent: tuple[str, ...] = ()

    def begin(self) -> None:
        """Mark the conversations that have drafts, and take up what never reached an outbox."""
        for key in self._drafts.conversations():
            self._store.mark_draft(key, has_draft=True)
        left = self._drafts.load(UNSENT)
        if not left.is_empty:
            self._composer.draft = joined(left, self._composer.draft)
            self._drafts.changed(UNSENT, EMPTY)
            self.keep()

    def keep(self) -> None:
        """Keep what is written: on the disk once the user pauses."""
        if self._opened is not None:
            self._keep_as(self._opened.draft_key)
        unsent = tuple(self._store.unsent.values())
        if unsent != self._unsent:
            self._unsent = unsent
            self._drafts.changed(UNSENT, Draft(("\n\n".join(unsent),)) if unsent else EMPTY)

    def show(self, opened: OpenConversation) -> None:
        """Put the composer's text away and take out the draft of this conversation."""
        left, composer = self._opened, self._composer
        if left is not None and not left.id and not composer.is_empty:
            self._carry_over(opened)
            return
        if left is not None:
            self.keep()
            self._store.mark_draft(self._key, has_draft=not self._worth_keeping().is_empty)
        self._opened, self._key = opened, opened.draft_key
        if opened.id:
            composer.draft = self._drafts.load(self._key)

    def show_again(self, opened: OpenConversation) -> None:
        """The same conversation as before; another value may stand for it now."""
        self._opened = opened

    @property
    def place(self) -> OpenConversation | None:
        """What the composer's text is for."""
        return self._opened

    def replace(self, place: OpenConversation | None, before: str, after: str) -> None:
        """Put another text in place of what stood in the composer; nothing written meanwhile is lost."""
        if place is None:
            return
        if place is self._opened and self._composer.text == before:
            self._composer.set_text(after)
        elif place is not self._opened and self._drafts.load(place.draft_key).text == before:
            self._drafts.changed(place.draft_key, Draft((after,), len(after)))
        else:
            self.give_back(Returned(place.draft_key, after))

    def give_back(self, returned: Returned) -> None:
        """Put a text that could not be sent where it was written, before anything written there since."""
        if self._opened is not None and returned.draft_key == self._opened.draft_key:
            self._composer.give_back(returned.text)
            return
        draft = joined(Draft((returned.text,)), self._drafts.load(returned.draft_key))
        self._drafts.changed(returned.draft_key, draft)
        self._store.mark_draft(returned.draft_key, has_draft=True)

    async def save(self) -> bool:
        """Keep everything now; says whether all of it is on the disk."""
        self.keep()
        return await self._drafts.flush()

    def _keep_as(self, key: str) -> None:
        """The draft moves when a conversation is stored, or is found not to be."""
        before, self._key = self._key, key
        if before not in ("", key):
            self._drafts.changed(before, EMPTY)
        self._drafts.changed(key, self._worth_keeping())

    def _worth_keeping(self) -> Draft:
        """What is written, unless it is a command nobody knows: it stands there to be mended now or never."""
        draft = self._composer.draft
        return EMPTY if is_mistyped_command(draft.text) else draft

    def _carry_over(self, opened: OpenConversation) -> None:
        """What was written before it was known which conversation is open belongs to this one."""
        if opened.draft_key != self._key:
            self._composer.draft = joined(self._drafts.load(opened.draft_key), self._composer.draft)
        self._opened = opened
        self.keep()
