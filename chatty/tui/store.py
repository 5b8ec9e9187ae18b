"""The state of one client as it is drawn, and the marks of what changed; knows no widget and no connection.

What the server says comes in as the client library tells it: updates of the open conversation, rows of lists,
the state of the link. Each call marks what changed and calls `on_change` once; the painter takes the marks
with `take_dirty`. What the open conversation makes of an update is `mirror.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from chatty.client.updates import Update
from chatty.tui import wire
from chatty.tui.dirty import Dirty
from chatty.tui.mirror import Mirror, Pending
from chatty.tui.state import ConversationRow, Found, Link, Message, ModelRow, Note, OpenConversation, Run
from chatty.tui.wire import Frame
from chatty.tui.wishes import Ask, ProviderOffer, Returned, Wishes


class Store:
    """The state of one client. `on_change` is set by whoever paints; it must return at once.

    Attributes:
        user_id: who looks; None on a server of one person, where everything is one's own.
    """

    def __init__(self, user_id: str | None = None) -> None:
        self.user_id = user_id
        self.link = Link()
        self.projects: dict[str, str] = {}
        """Names by id, sanitised."""
        self.project_models: dict[str, str] = {}
        """`provider/model` by project id, of those that have a model of their own."""
        self.conversations: dict[str, ConversationRow] = {}
        self.models: list[ModelRow] = []
        self.needs_choice = False
        """Several could answer and none of them does so by itself: somebody has to choose."""
        self.found = Found()
        self.note = Note()
        self.wishes = Wishes()
        self.on_change: Callable[[], None] = _nobody_listens
        self.unsent: dict[str, str] = {}
        """Texts that were sent and are in no outbox yet, by any name: whoever keeps drafts keeps them."""
        self._mirror: Mirror | None = None
        self._pending: dict[str, Pending] = {}
        """By conversation, also of those that are not open: one comes back to what one has sent."""
        self._is_note_of_link = False
        self._drafts: set[str] = set()
        self._dirty = Dirty()
        self._holds = 0

    @property
    def open(self) -> OpenConversation | None:
        """The conversation on the screen."""
        return self._mirror.opened if self._mirror is not None else None

    def take_dirty(self) -> Dirty:
        """What changed since the last call."""
        dirty, self._dirty = self._dirty, Dirty()
        return dirty

    def take_wishes(self) -> Wishes:
        """What is wanted of the person since the last call."""
        wishes, self.wishes = self.wishes, Wishes()
        return wishes

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let several changes be one picture: nobody is asked to paint before the end."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self._changed()

    def _changed(self) -> None:
        if not self._holds:
            self.on_change()

    def introduce(self, user_id: str | None) -> None:
        """Say who looks, as the server knows it; before anything of a conversation has come."""
        self.user_id = user_id
        if self._mirror is not None:
            self._mirror.view.user_id = user_id

    # The list of conversations.

    def apply_conversations(self, frames: Iterable[Frame]) -> None:
        """Replace the side bar's rows (`conversation.list`); marks of our own stay."""
        self.conversations = {}
        for frame in frames:
            row = wire.conversation_row(frame, self.projects)
            self.conversations[row.id] = self._with_marks(row)
        self._dirty.conversations = True
        self._changed()

    def apply_conversation_touched(self, frame: Frame) -> None:
        """Add, update or take away one row (`conversation.touched`); deleted and archived ones go."""
        row = wire.conversation_row(frame, self.projects)
        if frame.get("deleted_at") or frame.get("archived_at"):
            self.conversations.pop(row.id, None)
        else:
            self.conversations[row.id] = self._with_marks(row)
        self._dirty.conversations = True
        self._changed()

    def mark_draft(self, conversation_id: str, *, has_draft: bool) -> None:
        """Show or hide the word `draft` beside a conversation, also one that is not listed yet."""
        (self._drafts.add if has_draft else self._drafts.discard)(conversation_id)
        row = self.conversations.get(conversation_id)
        if row is not None:
            row.has_draft = has_draft
            self._dirty.conversations = True
            self._changed()

    def _with_marks(self, row: ConversationRow) -> ConversationRow:
        row.has_draft = row.id in self._drafts
        return row

    # What can be chosen, what was found, the link, words.

    def apply_projects(self, names: dict[str, str], models: dict[str, str] | None = None) -> None:
        """Replace the names of the projects, sanitised, and the models some have of their own, by id."""
        self.projects.clear()
        self.projects.update(names)
        if models is not None:
            self.project_models.clear()
            self.project_models.update(models)
        if self._mirror is not None:
            self._mirror.projects_changed(self._dirty)
        self._changed()

    def apply_models(self, frames: Iterable[Frame], recent: Iterable[str] = ()) -> None:
        """Replace the models that can be chosen; `recent` are ids used lately, listed or not."""
        self.models = [wire.model_row(frame) for frame in frames]
        lately = dict.fromkeys(recent)
        for row in self.models:
            row.is_recent = row.id in lately
        listed = {row.id for row in self.models}
        self.models += [wire.unlisted_model(name) for name in lately if name not in listed]
        self._dirty.models = self._dirty.header = True
        self._weigh()
        self._changed()

    def ask_for_choice(self, *, is_needed: bool) -> None:
        """Whether nobody answers before somebody chooses, now that it is known."""
        self.needs_choice = is_needed
        self._dirty.header = True
        self._changed()

    def apply_found(self, words: str, frames: Iterable[Frame], *, has_more: bool = False) -> None:
        """Replace what the search found for these words (`search.query`)."""
        self.found = Found(words, tuple(wire.search_hit(frame) for frame in frames), has_more)
        self._dirty.hits = True
        self._changed()

    def apply_link(self, link: Link) -> None:
        """How the connection is now. Once it is well, what was said of it is past."""
        self.link = link
        if link.kind == "well" and self._is_note_of_link:
            self.note, self._is_note_of_link = Note(number=self.note.number + 1), False
        self._dirty.header = self._dirty.status = True
        self._changed()

    def say(self, note: str, *, stays: bool = False, is_of_link: bool = False) -> None:
        """Put a word on the status row; empty takes it away. Foreign words are sanitised here.

        It goes by itself after some seconds, unless it describes a state.

        Args:
            stays: it describes a state of the screen, and goes with it.
            is_of_link: it tells of the connection, and goes when that is well again.
        """
        self.note = Note(wire.line(note), stays or is_of_link, self.note.number + 1)
        self._is_note_of_link = is_of_link
        self._dirty.status = True
        self._changed()

    # Wishes.

    def give_back(self, returned: Returned) -> None:
        """Let a text that could not be sent go back to the draft of its conversation."""
        self.wishes.texts.append(returned)
        self._wished()

    def ask(self, question: Ask) -> None:
        """Put a question to the person."""
        self.wishes.questions.append(question)
        self._wished()

    def offer(self, offers: Sequence[ProviderOffer]) -> None:
        """Ask who should answer."""
        self.wishes.offers = list(offers)
        self._wished()

    def show_message(self, message_id: str) -> None:
        """Bring a message on the path into view."""
        self.wishes.show_message = message_id
        self._wished()

    def recall(self, prompts: Sequence[str]) -> None:
        """Put prompts of earlier conversations, oldest first, behind the up key."""
        self.wishes.earlier_prompts[:0] = prompts
        self._wished()

    def _wished(self) -> None:
        self._dirty.wishes = True
        self._changed()

    # Texts on their way to the outbox.

    def hold_unsent(self, name: str, text: str) -> None:
        """Keep a text that was sent until it is in the outbox."""
        self.unsent[name] = text
        self._dirty.unsent = True
        self._changed()

    def release_unsent(self, name: str) -> None:
        """A text is safe elsewhere."""
        if self.unsent.pop(name, None) is not None:
            self._dirty.unsent = True
            self._changed()

    # The open conversation.

    def open_conversation(self, opened: OpenConversation) -> None:
        """Show another conversation, and in it what is under way to it; what it holds follows by `apply`."""
        self._pending = {key: pending for key, pending in self._pending.items() if pending}
        pending = self._pending.setdefault(opened.id, Pending())
        self._mirror = Mirror(opened, self.user_id, self.projects, self.project_models, pending)
        dirty = self._dirty
        dirty.header = dirty.status = dirty.path = dirty.conversations = True
        if pending:
            self._mirror.pending_changed(dirty)
        self._changed()

    def apply(self, conversation_id: str, update: Update) -> None:
        """Take over an update of the open conversation; those of another one come too late."""
        if self._mirror is not None and self._mirror.opened.id == conversation_id:
            self._mirror.apply(update, self._dirty)
            if self._dirty.header:
                self._weigh()
            self._changed()

    def apply_older(self, conversation_id: str, page: Frame) -> None:
        """Add a page of `message.list`: what lies above messages at hand."""
        if self._mirror is not None and self._mirror.opened.id == conversation_id:
            self._mirror.add_page(page, self._dirty)
            self._changed()

    def apply_newer(self, conversation_id: str, page: Frame) -> None:
        """Add a page of `message.list`: what follows the stretch that is shown away from the end."""
        if self._mirror is not None and self._mirror.opened.id == conversation_id:
            self._mirror.add_page(page, self._dirty, is_away_end=True)
            self._changed()

    def apply_around(self, conversation_id: str, up_to: Frame, behind: Frame) -> None:
        """Add the pages that end in a message and follow it, as a stretch away from the end."""
        if self._mirror is not None and self._mirror.opened.id == conversation_id:
            self._mirror.add_page(up_to, self._dirty, is_away_end=True)
            self._mirror.add_page(behind, self._dirty, is_away_end=True)
            self._changed()

    def apply_spent(self, conversation_id: str, total: Frame) -> None:
        """Say what the path has cost (`total` of `usage.summary`)."""
        opened = self.open
        if opened is not None and opened.id == conversation_id:
            opened.spent = wire.spent(total)
            self._dirty.status = True
            self._changed()

    def stored_leaf(self) -> str | None:
        """The end of the path as the server knows it: without what was just sent."""
        return self._mirror.view.leaf if self._mirror is not None else None

    def sent_parts(self, message_id: str) -> list[Frame]:
        """The parts of a question as they were sent, unsanitised; empty when the server has not said them."""
        known = self._mirror.view.messages.get(message_id) if self._mirror else None
        parts = known.parts if known is not None else []
        return [_sent(part.text, part.name) for part in parts if part.type == "text"]

    def use_leaf(self, leaf_id: str) -> bool:
        """Show the path that ends in a message, if it is at hand; says whether it is."""
        if self._mirror is None or not self._mirror.view.use_leaf(leaf_id):
            return False
        self._mirror.bring_up(self._dirty)
        self._changed()
        return True

    def siblings(self, message_id: str) -> list[str]:
        """All versions of a message, itself included, in order."""
        return self._mirror.view.siblings(message_id) if self._mirror else []

    def wants_snapshot(self) -> bool:
        """Whether the path in use has left what is at hand."""
        return self._mirror is not None and self._mirror.view.wants_snapshot

    def set_model(self, provider: str, name: str, *, is_chosen: bool) -> None:
        """The model the next answer comes from, before the server says so.

        Args:
            provider: who serves it.
            name: its name there.
            is_chosen: it is meant for this conversation, whatever usually answers.
        """
        if self.open is not None:
            self.open.model_provider, self.open.model = provider, name
            self.open.is_model_chosen = is_chosen
            self._dirty.header = True
            self._weigh()
            self._changed()

    def set_title(self, title: str) -> None:
        """The title of the open conversation, before the server says so."""
        if self.open is not None:
            self.open.title = wire.line(title)
            self._dirty.header = True
            self._changed()

    def set_project(self, project_id: str, name: str) -> None:
        """The project of the open conversation, before the server says so."""
        if self.open is not None:
            self.open.project_id, self.open.project = project_id, wire.line(name)
            self._dirty.header = True
            self._changed()

    def show_pending(self, messages: list[Message], run: Run | None) -> None:
        """Show messages of our own before the server has them; their events replace them."""
        if self._mirror is not None:
            self._mirror.show_pending(messages, run, self._dirty)
            self._changed()

    def drop_pending(self, conversation_id: str, run_id: str) -> None:
        """Take back what was refused."""
        if self._mirror is not None and self._mirror.opened.id == conversation_id:
            self._mirror.drop_pending(run_id, self._dirty)
            self._changed()
        elif (pending := self._pending.get(conversation_id)) is not None:
            pending.drop(run_id)

    def accept_pending(self, conversation_id: str, run_id: str, seq: int) -> None:
        """The server has the request; its events end with `seq`.

        A conversation that is not open brings it along when it is opened.
        """
        if self._mirror is None or self._mirror.opened.id != conversation_id:
            self.drop_pending(conversation_id, run_id)
            return
        self._mirror.accept_pending(run_id, seq, self._dirty)
        self._changed()

    def mark_stopping(self, run_id: str) -> None:
        """The run was asked to stop."""
        if self._mirror is not None:
            self._mirror.mark_stopping(run_id, self._dirty)
            self._changed()

    def _weigh(self) -> None:
        """How much of the model's window the conversation fills."""
        opened = self.open
        if opened is None:
            return
        wanted = (opened.model_provider, opened.model)
        row = next((row for row in self.models if (row.provider, row.name) == wanted), None)
        window = row.context_tokens if row else None
        opened.context_share = opened.tokens / window if window and opened.tokens else None


def _sent(text: str, name: str | None) -> Frame:
    return {"type": "text", "text": text, **({"name": name} if name else {})}


def _nobody_listens() -> None:
    """The listener before anyone paints."""
