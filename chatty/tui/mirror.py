"""Keeps what is drawn of one conversation equal to what the client library knows of it.

Updates go into a `ConversationView`, which alone knows what they mean; what it says has changed becomes
sanitised state. Text in flight is appended piece by piece: a delta costs what it brings, however long the
answer is. Messages of our own that the server has not confirmed yet are shown behind what it has.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatty.client.updates import Snapshot, Update
from chatty.client.view import ConversationView, PartView
from chatty.client.view import MessageView as Known
from chatty.protocol.run_status import ACTIVE_RUN_STATUSES
from chatty.rendering.sanitizer import StreamSanitizer
from chatty.tui import wire
from chatty.tui.dirty import Dirty
from chatty.tui.state import Message, OpenConversation, Part, Run


@dataclass(slots=True)
class Pending:
    """What was sent to a conversation and is not confirmed yet."""

    messages: dict[str, Message] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    """Run -> the event up to which its request is told of."""

    def __bool__(self) -> bool:
        return bool(self.messages or self.runs)

    def drop(self, run_id: str) -> list[str]:
        """Forget a run and its messages; returns their ids."""
        self.runs.pop(run_id, None)
        self.accepted.pop(run_id, None)
        dropped = [message.id for message in self.messages.values() if message.run_id == run_id]
        for message_id in dropped:
            del self.messages[message_id]
        return dropped


class Mirror:
    """The open conversation.

    Args:
        opened: what is drawn; changed in place.
        user_id: who looks, as `ConversationView` takes it.
        projects: names of projects by id; whoever owns it may add to it.
        project_models: `provider/model` of the projects that have a model of their own, by id.
        pending: what was sent before the conversation was opened; outlives the mirror.
        clock: seconds, for the time a model thinks.
    """

    def __init__(
        self,
        opened: OpenConversation,
        user_id: str | None,
        projects: Mapping[str, str],
        project_models: Mapping[str, str],
        pending: Pending,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.opened = opened
        self.view = ConversationView(user_id)
        self._projects = projects
        self._project_models = project_models
        self._clock = clock
        self._thinking_since: dict[tuple[str, int], float] = {}
        self._sanitizers: dict[tuple[str, int], StreamSanitizer] = {}
        self._pending = pending
        self._stopping: set[str] = set()
        self._away_end: str | None = None
        """The last message of the stretch that is shown away from the end."""

    def apply(self, update: Update, dirty: Dirty) -> None:
        """Take over one update and mark what must be drawn again."""
        self.view.apply(update)
        if isinstance(update, Snapshot):
            self.opened.messages.clear()
            self.opened.messages.update(self._pending.messages)
            self._sanitizers.clear()
            self.opened.is_loading = self.opened.is_new = False
        self.bring_up(dirty)

    def bring_up(self, dirty: Dirty) -> None:
        """Draw what the view says has changed, as after `use_leaf` or `add_older` too."""
        changes = self.view.take_changes()
        confirmed = self._settle_pending()
        for message_id in changes.messages:
            self._bring_up_message(message_id)
        dirty.messages |= changes.messages
        if changes.shape or confirmed:
            self._load_missing()
            self._rebuild_path()
            dirty.path = True
        if changes.conversation or changes.shape or confirmed:
            self._bring_up_head()
            dirty.header = dirty.status = True

    def add_page(self, page: Mapping[str, Any], dirty: Dirty, *, is_away_end: bool = False) -> None:
        """Take over messages of the path (`message.list`); the page may end a stretch away from the end."""
        self.view.add_older(dict(page))
        if is_away_end and page["messages"]:
            self._away_end = page["messages"][-1]["id"]
        self.bring_up(dirty)

    def projects_changed(self, dirty: Dirty) -> None:
        """The project's name may be another one now."""
        if self.view.conversation:
            self._bring_up_head()
            dirty.header = True

    # Our own, not confirmed yet.

    def show_pending(self, messages: list[Message], run: Run | None, dirty: Dirty) -> None:
        """Show messages of our own, and their run, until the server's word on them replaces them."""
        self._pending.messages.update({message.id: message for message in messages})
        if run is not None:
            self._pending.runs[run.id] = run
        self.pending_changed(dirty)

    def accept_pending(self, run_id: str, seq: int, dirty: Dirty) -> None:
        """The server has what was shown for a request; its events end with `seq`.

        From there on its word counts, even where it does not show the messages: on another path.
        """
        if run_id in self._pending.runs:
            self._pending.accepted[run_id] = seq
            self.bring_up(dirty)

    def drop_pending(self, run_id: str, dirty: Dirty) -> None:
        """Take back what was shown for a request that was refused."""
        for message_id in self._pending.drop(run_id):
            self.opened.messages.pop(message_id, None)
        self.pending_changed(dirty)

    def mark_stopping(self, run_id: str, dirty: Dirty) -> None:
        """The run was asked to stop."""
        self._stopping.add(run_id)
        self._bring_up_head()
        dirty.status = True

    def pending_changed(self, dirty: Dirty) -> None:
        """Show what is pending now."""
        self.opened.messages.update(self._pending.messages)
        self._rebuild_path()
        self._bring_up_head()
        dirty.path = dirty.status = True

    def _settle_pending(self) -> bool:
        """Forget what the view knows by now; says whether there was anything."""
        pending = self._pending
        overtaken = {run_id for run_id, seq in pending.accepted.items() if seq <= self.view.head}
        confirmed = [
            message.id
            for message in pending.messages.values()
            if message.id in self.view.messages or message.run_id in overtaken
        ]
        for message_id in confirmed:
            del pending.messages[message_id]
            if message_id not in self.view.messages:
                self.opened.messages.pop(message_id, None)
        for run in [run for run in pending.runs.values() if run.id in overtaken or self._knows(run)]:
            del pending.runs[run.id]
            pending.accepted.pop(run.id, None)
            confirmed.append(run.id)
        return bool(confirmed)

    def _knows(self, run: Run) -> bool:
        reply = self.view.messages.get(run.reply_id)
        return run.id in self.view.runs or (reply is not None and reply.run_id == run.id)

    # Messages and their parts.

    def _load_missing(self) -> None:
        for message_id in self.view.messages:
            if message_id not in self.opened.messages:
                self._bring_up_message(message_id)

    def _bring_up_message(self, message_id: str) -> None:
        known = self.view.messages[message_id]
        message = self.opened.messages.get(message_id)
        if message is None:
            message = self.opened.messages[message_id] = Message(message_id, known.parent_id, known.role)
        wire.update_message(message, known, self.view.user_id)
        self._bring_up_parts(message, known)

    def _bring_up_parts(self, message: Message, known: Known) -> None:
        del message.parts[len(known.parts) :]
        last = len(known.parts) - 1
        for index, part in enumerate(known.parts):
            if index == len(message.parts):
                message.parts.append(Part(wire.line(part.type), generation=part.revision))
            drawn = message.parts[index]
            if drawn.generation != part.revision or drawn.received > part.length:
                self._sanitizers.pop((message.id, index), None)
                drawn.pieces, drawn.received, drawn.generation = [], 0, part.revision
            # The server closes all parts at the end of a run; a part that another follows is done before.
            is_open = part.status == "streaming" and index == last and known.status == "streaming"
            drawn.status = "streaming" if is_open else "completed"
            wire.update_part(drawn, part)
            self._append_text(message.id, index, drawn, part)
            self._time(message.id, index, drawn)

    def _append_text(self, message_id: str, index: int, drawn: Part, part: PartView) -> None:
        key = (message_id, index)
        sanitizer = self._sanitizers.get(key)
        if drawn.received < part.length:
            if sanitizer is None:
                sanitizer = self._sanitizers[key] = StreamSanitizer()
            if piece := sanitizer.feed(part.tail(drawn.received)):
                drawn.pieces.append(piece)
            drawn.received = part.length
        if sanitizer is not None and drawn.status != "streaming":
            del self._sanitizers[key]
            if rest := sanitizer.finish():
                drawn.pieces.append(rest)

    def _time(self, message_id: str, index: int, drawn: Part) -> None:
        """Measure how long the model thinks: nobody else says."""
        key = (message_id, index)
        if drawn.type != "reasoning":
            return
        if drawn.status == "streaming":
            self._thinking_since.setdefault(key, self._clock())
        elif (began_at := self._thinking_since.pop(key, None)) is not None:
            drawn.seconds = self._clock() - began_at

    # The path and the conversation itself.

    def _rebuild_path(self) -> None:
        """The way from the oldest message at hand to the leaf: linear in what is at hand."""
        view, opened = self.view, self.opened
        pending = list(self._pending.messages)
        path, opened.has_older = self._up_from(
            self._pending.messages[pending[0]].parent_id if pending else view.leaf
        )
        opened.path = path + pending
        opened.leaf_id = opened.path[-1] if opened.path else None
        # Once the gap below it is closed the stretch is a part of the path.
        is_closed = self._away_end in path
        opened.away, opened.has_older_away = ([], False) if is_closed else self._up_from(self._away_end)
        opened.places = {}
        for message_id in (*opened.away, *path):
            alike = view.siblings(message_id)
            if len(alike) > 1:
                opened.places[message_id] = (alike.index(message_id) + 1, len(alike))

    def _up_from(self, message_id: str | None) -> tuple[list[str], bool]:
        """What is at hand in a row and ends in this message, and whether the path goes on above it."""
        stretch: list[str] = []
        while message_id is not None and (message := self.view.messages.get(message_id)) is not None:
            stretch.append(message_id)
            message_id = message.parent_id
        return stretch[::-1], message_id is not None and bool(stretch)

    def _bring_up_head(self) -> None:
        conversation, opened = self.view.conversation, self.opened
        opened.title = wire.line(conversation.get("title")) or opened.title
        if "project_id" in conversation or "id" in conversation:
            opened.project_id = conversation.get("project_id")
            opened.project = self._projects.get(opened.project_id or "", "")
        self._bring_up_model()
        opened.runs = {run_id: self._run(wire.run(run)) for run_id, run in self.view.runs.items()}
        opened.runs |= {run_id: self._run(run) for run_id, run in self._pending.runs.items()}
        self._add_up()

    def _bring_up_model(self) -> None:
        """The conversation's own model, else its project's; else what usually answers, which stands there."""
        opened = self.opened
        own, usual = self.view.conversation.get("model"), self._project_models.get(opened.project_id or "")
        if own:
            opened.is_model_chosen = True
            opened.model_provider, opened.model = wire.split_model(own)
        elif usual and not opened.is_model_chosen:
            opened.model_provider, opened.model = wire.split_model(usual)

    def _run(self, run: Run) -> Run:
        if run.id in self._stopping and run.status in ACTIVE_RUN_STATUSES:
            run.status = "cancelling"
        return run

    def _add_up(self) -> None:
        """What the next request brings along: the newest answer, and all it was given."""
        messages = (self.opened.messages.get(message_id) for message_id in reversed(self.opened.path))
        newest = next((reply for reply in messages if reply and reply.output_tokens), None)
        self.opened.tokens = (newest.input_tokens or 0) + (newest.output_tokens or 0) if newest else 0
