"""The open conversation: following it, and what is said and done in it.

Ids are made here, so that what is sent can be shown at once and repeated without harm.
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from chatty.client.updates import Event, Snapshot, Update
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.tui import wire
from chatty.tui.backend import Where
from chatty.tui.control.choices import Choices
from chatty.tui.control.desk import Desk
from chatty.tui.control.spending import Spending
from chatty.tui.control.stretches import Stretches
from chatty.tui.control.unsent_texts import UnsentTexts
from chatty.tui.state import NEW, Message, OpenConversation, Run

if TYPE_CHECKING:
    from chatty.client.subscription import Subscription

_HELD_SECONDS = 0.3
"""How long a conversation that was opened at a message is kept back for that message."""
_NO_LONGER_THERE = "that message is no longer there"
_DELETED = "deleted in another window · what you write here stays a draft"


class Conversation:
    """One conversation at a time."""

    def __init__(self, desk: Desk, choices: Choices, unsent_texts: UnsentTexts) -> None:
        self._desk = desk
        self._store = desk.store
        self._choices = choices
        self._spending = Spending(desk)
        self._unsent_texts = unsent_texts
        self._subscription: Subscription | None = None
        self._following: tuple[str, asyncio.Task[None]] | None = None
        self._deliveries: dict[str, asyncio.Task[None]] = {}
        """By run, while the server has not accepted it."""
        self._stretches = Stretches(desk)
        self._wanted_message = ""
        """To be brought into view once the conversation is there."""
        self._sought_message = ""
        """The same, once its path was chosen for it."""
        self._unsent: list[tuple[str, str]] = []
        """Name and text of what was sent before it was known which conversation is open."""
        self._edited: dict[str, list[wire.Frame]] = {}
        """By message, the parts of questions with files that were edited here: the server need not have
        said them yet when they are edited again."""
        self._unmade: set[str] = set()
        """Conversations whose first message the server has not accepted."""

    # Which one.

    def open_nothing(self) -> None:
        """Show an empty screen while it is found out which conversation is meant."""
        self._store.open_conversation(OpenConversation("", is_loading=True))

    def open_new(self) -> None:
        """Open an empty conversation; nothing is stored before its first message."""
        self._leave()
        opened = OpenConversation(new_id(), is_new=True, project=self._choices.project_name)
        opened.project_id = self._choices.project_id
        self._begin_with_model(opened)
        self._store.open_conversation(opened)
        self._send_unsent()

    def open(self, conversation_id: str, at: str = "") -> None:
        """Show a conversation, with the message `at` in view if one is named."""
        self._wanted_message, self._sought_message = at, ""
        if self._is_open(conversation_id) and at:
            self._desk.begin(self._bring_into_view(conversation_id, at))
            return
        self._leave()
        row = self._store.conversations.get(conversation_id)
        opened = OpenConversation(conversation_id, is_loading=True)
        self._begin_with_model(opened)
        if row is not None:
            opened.title, opened.project = row.title, row.project
        self._store.open_conversation(opened)
        self._follow(conversation_id)
        self._send_unsent()

    def _begin_with_model(self, opened: OpenConversation) -> None:
        """What answers until the server says which model it is."""
        own = self._store.project_models.get(opened.project_id or "")
        opened.is_model_chosen = self._choices.is_model_chosen
        usual = self._choices.model
        is_own = own and not opened.is_model_chosen
        opened.model_provider, opened.model = wire.split_model(own) if is_own else usual

    def load_again(self) -> None:
        """Ask for everything shown anew, also when following it broke off."""
        if self._following is not None and self._following[1].done() and self._is_open(self._following[0]):
            self._follow(self._following[0])
        elif self._subscription is not None:
            self._subscription.refresh()

    # Saying something.

    def send(self, text: str) -> None:
        """Send the text; it queues when an answer is under way."""
        opened = self._store.open
        if opened is None or not opened.id:
            self._wait_with(text, opened.leaf_id if opened is not None else None)
            return
        draft = self._run_draft()
        parts = [_typed(text)]
        question = _question(new_id(), opened.leaf_id, parts, draft["id"])
        params = {
            "conversation": {"id": opened.id},
            "id": question.id,
            "mode": "queue",
            "parts": parts,
            "run": draft,
        }
        if opened.leaf_id is not None:
            params["parent_id"] = opened.leaf_id
        if opened.is_new:
            params["conversation"] = {"id": opened.id, "create": self._creation(opened)}
        self._deliver("message.send", params, [question], question.id, draft, text)
        if opened.is_new:
            opened.is_new = False
            self._unmade.add(opened.id)
            self._follow(opened.id)

    def edit(self, message: Message, text: str) -> None:
        """Send the text as another version of the message, with the files that came with it."""
        draft = self._run_draft()
        parts = _retyped(self._store.sent_parts(message.id) or self._edited.get(message.id, []), text)
        question = _question(new_id(), message.parent_id, parts, draft["id"])
        if len(parts) > 1:
            self._edited[question.id] = parts
        params = {
            "conversation_id": self._open_id,
            "message_id": message.id,
            "id": question.id,
            "parts": parts,
            "run": draft,
        }
        self._deliver("message.edit", params, [question], question.id, draft, text)

    def again(self, message: Message, model: str | None) -> None:
        """Answer a question, or give another answer beside this one."""
        draft = self._run_draft(model)
        params = {"conversation_id": self._open_id, "message_id": message.id, "run": draft}
        parent_id = message.id if message.role == "user" else message.parent_id
        self._deliver("message.regenerate", params, [], parent_id, draft)

    def continue_answer(self, message: Message) -> None:
        """Let the model go on where it stopped."""
        draft = {**self._run_draft(), "reply_id": message.id}
        params = {"conversation_id": self._open_id, "message_id": message.id, "run": draft}
        self._deliver("message.continue", params, [], None, draft)

    def stop(self) -> None:
        """Cancel the run that answers."""
        opened = self._store.open
        run = opened.active_run() if opened is not None else None
        if run is not None:
            self._store.mark_stopping(run.id)
            self._desk.begin(self._stop(run.id))

    # The tree.

    def show_sibling(self, message: Message, step: int) -> None:
        """Show the version before (-1) or after (1) this message."""
        alike = self._store.siblings(message.id)
        index = alike.index(message.id) + step if message.id in alike else -1
        if 0 <= index < len(alike):
            self._desk.begin(self._show_path_through(self._open_id, alike[index]))

    def branch(self, message: Message) -> None:
        """Make a conversation of the path up to this message, and open it."""
        self._desk.begin(self._branch(self._open_id, message.id))

    def want_messages(self, message_id: str, where: Where) -> None:
        """Load messages before, behind or around this one."""
        self._stretches.want(self._open_id, message_id, where)

    # Following.

    def _follow(self, conversation_id: str) -> None:
        before = self._following
        task = self._desk.begin(self._follow_on(conversation_id, before))
        self._following = (conversation_id, task)

    async def _follow_on(self, conversation_id: str, before: tuple[str, asyncio.Task[None]] | None) -> None:
        client = await self._desk.client()
        if before is not None and before[0] == conversation_id:
            await asyncio.wait([before[1]])
        subscription = self._subscription = client.subscribe(conversation_id)
        try:
            async for update in subscription:
                if isinstance(update, Snapshot) and self._wanted_message:
                    await self._arrive(conversation_id, update)
                else:
                    self._store.apply(conversation_id, update)
                if self._store.wants_snapshot():
                    subscription.refresh()
                if isinstance(update, Snapshot) or _is_run_end(update):
                    self._spending.ask()
                if isinstance(update, Event) and update.type == "conversation.deleted":
                    self._store.say(_DELETED)
        except ProtocolError:
            if self._is_open(conversation_id):
                self.open_new()
            raise
        finally:
            await subscription.close()

    def _leave(self) -> None:
        if self._following is not None:
            self._following[1].cancel()
        self._subscription = None

    @property
    def _open_id(self) -> str:
        return self._store.open.id if self._store.open is not None else ""

    def _is_open(self, conversation_id: str) -> bool:
        return self._open_id == conversation_id

    # Delivering.

    def _run_draft(self, model: str | None = None) -> dict[str, Any]:
        model = model or self._named_model()
        return {"id": new_id(), "reply_id": new_id(), **({"model": model} if model else {})}

    def _named_model(self) -> str | None:
        """The model to ask for; None where the server knows better: the project has a model of its own."""
        opened = self._store.open
        if opened is None or not opened.model:
            return None
        is_for_project = opened.project_id in self._store.project_models and not opened.is_model_chosen
        return None if is_for_project else f"{opened.model_provider}/{opened.model}"

    def _creation(self, opened: OpenConversation) -> dict[str, Any]:
        wanted = {"project_id": opened.project_id, "model": self._named_model(), "origin": "tui"}
        return {name: value for name, value in wanted.items() if value}

    def _deliver(
        self,
        method: str,
        params: dict[str, Any],
        messages: list[Message],
        answered_id: str | None,
        draft: dict[str, Any],
        text: str = "",
    ) -> None:
        """Show what is sent at once, and bring it to the server.

        Args:
            method: the operation.
            params: its parameters.
            messages: our own message, if there is one.
            answered_id: what the reply answers; None when the reply is there already.
            draft: the run's.
            text: what goes back into the composer when it is refused.
        """
        run = Run(draft["id"], draft["reply_id"], "queued", _now_ms())
        if answered_id is not None:
            messages = [*messages, self._awaited_reply(draft, answered_id)]
        self._store.show_pending(messages, run)
        if text:
            self._store.hold_unsent(run.id, text)
        self._unsent_texts.leave_to_sender(params)
        task = self._desk.begin(self._bring_to_server(method, params, run.id, text))
        self._deliveries[run.id] = task
        task.add_done_callback(lambda _: self._deliveries.pop(run.id, None))

    def _awaited_reply(self, draft: dict[str, Any], answered_id: str) -> Message:
        reply = Message(draft["reply_id"], answered_id, "assistant", status="pending", run_id=draft["id"])
        if "model" in draft:
            reply.provider, reply.model = wire.split_model(draft["model"])
        elif (opened := self._store.open) is not None:
            reply.provider, reply.model = opened.model_provider, opened.model
        return reply

    async def _bring_to_server(self, method: str, params: dict[str, Any], run_id: str, text: str) -> None:
        client = await self._desk.client()
        place = params.get("conversation", {}).get("id") or params.get("conversation_id", "")
        try:
            kept = partial(self._store.release_unsent, run_id)
            accepted = await client.send(method, params, on_kept=kept)
        except ProtocolError:
            self._refused(params, place, run_id, text)
            raise
        self._unmade.discard(place)
        self._store.accept_pending(place, run_id, accepted["seq"])
        self._store.release_unsent(run_id)

    def _refused(self, params: dict[str, Any], place: str, run_id: str, text: str) -> None:
        """Take back what is shown, and let the text be the draft of its conversation again."""
        self._store.drop_pending(place, run_id)
        if self._is_open(place) and place in self._unmade and self._store.open is not None:
            self._store.open.is_new = True
        self._unsent_texts.give_back_sent(params, NEW if place in self._unmade else place, text)
        self._store.release_unsent(run_id)

    def _wait_with(self, text: str, answered_id: str | None) -> None:
        """Show a text that cannot be sent yet, and keep it until it can."""
        name = new_id()
        self._unsent.append((name, text))
        self._store.hold_unsent(name, text)
        self._store.show_pending([_question(name, answered_id, [_typed(text)], name)], None)

    def _send_unsent(self) -> None:
        unsent, self._unsent = self._unsent, []
        for name, text in unsent:
            self.send(text)
            self._store.drop_pending("", name)
            self._store.release_unsent(name)

    async def _stop(self, run_id: str) -> None:
        delivery = self._deliveries.get(run_id)
        if delivery is not None:
            await asyncio.wait([delivery])
        await self._desk.call("run.cancel", {"run_id": run_id})

    # Other paths and older messages.

    async def _show_path_through(self, conversation_id: str, message_id: str) -> None:
        await self._use_path_through(conversation_id, message_id)

    async def _use_path_through(self, conversation_id: str, message_id: str) -> bool:
        """Use a path through a message; False while the snapshot of that path is yet to come."""
        params = {"conversation_id": conversation_id, "message_id": message_id, "through": True}
        leaf: str = (await self._desk.call("conversation.set_leaf", params))["leaf"]
        if not self._is_open(conversation_id) or self._store.use_leaf(leaf):
            return True
        self.load_again()
        return False

    async def _branch(self, conversation_id: str, message_id: str) -> None:
        fork_id = new_id()
        params = {"conversation_id": conversation_id, "id": fork_id, "message_id": message_id}
        await self._desk.call("conversation.fork", params)
        self.open(fork_id)

    async def _bring_into_view(self, conversation_id: str, message_id: str) -> None:
        """Load as much as it takes to show a message, on whichever path it is."""
        self._wanted_message = ""
        opened = self._store.open
        if opened is None:
            return
        if message_id not in opened.path and self._sought_message != message_id:
            self._sought_message = message_id
            try:
                is_in_use = await self._use_path_through(conversation_id, message_id)
            except ProtocolError as error:
                if error.family != "not_found":
                    raise
                self._store.say(_NO_LONGER_THERE)
                return
            if not is_in_use:
                self._wanted_message = message_id  # the snapshot of that path brings us here again
                return
        if message_id not in (*opened.path, *opened.away):
            await self._stretches.load(conversation_id, message_id, "around")
        if self._store.open is opened and message_id in (*opened.path, *opened.away):
            self._store.show_message(message_id)

    async def _arrive(self, conversation_id: str, snapshot: Snapshot) -> None:
        """Show a conversation at a message: one picture, if the message comes soon."""
        with self._store.held():
            self._store.apply(conversation_id, snapshot)
            coming = self._desk.begin(self._bring_into_view(conversation_id, self._wanted_message))
            await asyncio.wait([coming], timeout=_HELD_SECONDS)


def _is_run_end(update: Update) -> bool:
    return isinstance(update, Event) and update.type == "run.finished"


def _typed(text: str) -> wire.Frame:
    return {"type": "text", "text": text}


def _retyped(parts: Sequence[wire.Frame], text: str) -> list[wire.Frame]:
    """The same files in the same order, and this text in place of what was typed."""
    place = next((index for index, part in enumerate(parts) if not part.get("name")), len(parts))
    behind = [part for part in parts[place:] if part.get("name")]
    return [*parts[:place], _typed(text), *behind]


def _question(message_id: str, parent_id: str | None, parts: Sequence[wire.Frame], run_id: str) -> Message:
    question = Message(message_id, parent_id, "user", status="pending", run_id=run_id)
    question.parts = [wire.sent_part(part) for part in parts]
    question.created_at_ms = _now_ms()
    return question


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
