"""Applies what the server says to the state; knows no widget and no connection.

Snapshots, events, deltas and signals come in as plain dictionaries of the protocol, in the order they
arrived. Each `apply_*` marks what changed and calls `on_change` once; the painter takes the marks with
`take_dirty`. Where text is missing (a delta starts too late) the store says so and changes nothing:
the caller reads the gap.
"""

from collections.abc import Callable

from chatty.rendering.sanitizer import StreamSanitizer
from chatty.tui import wire
from chatty.tui.dirty import Dirty
from chatty.tui.state import (
    ACTIVE_RUNS,
    ConversationRow,
    Link,
    LinkKind,
    Message,
    ModelRow,
    Node,
    OpenConversation,
    Part,
    SearchHit,
)
from chatty.tui.wire import Frame


class Store:
    """The state of one client. `on_change` is set by whoever paints; it must return at once."""

    def __init__(self, user_id: str = "") -> None:
        self.user_id = user_id
        self.link = Link()
        self.conversations: dict[str, ConversationRow] = {}
        self.models: list[ModelRow] = []
        self.hits: list[SearchHit] = []
        self.open: OpenConversation | None = None
        self.note = ""
        """A word for the status row, such as `sent to the terminal`."""
        self.on_change: Callable[[], None] = _nobody_listens
        self._dirty = Dirty()
        self._sanitizers: dict[tuple[str, int, int], StreamSanitizer] = {}

    def take_dirty(self) -> Dirty:
        """What changed since the last call."""
        dirty, self._dirty = self._dirty, Dirty()
        return dirty

    # The list of conversations, the models, the link.

    def apply_conversations(self, frames: list[Frame]) -> None:
        """Replace the side bar's rows, newest first whatever the order given."""
        rows = [wire.conversation_row(frame) for frame in frames]
        drafts = {row.id for row in self.conversations.values() if row.has_draft}
        for row in rows:
            row.has_draft = row.id in drafts
        self.conversations = {row.id: row for row in rows}
        self._dirty.conversations = True
        self.on_change()

    def apply_conversation_touched(self, frame: Frame) -> None:
        """Add or update one row of the side bar (`conversation.touched`, or a `conversation.get`)."""
        row = wire.conversation_row(frame)
        known = self.conversations.get(row.id)
        row.has_draft = known.has_draft if known else False
        self.conversations[row.id] = row
        self._dirty.conversations = True
        self.on_change()

    def forget_conversation(self, conversation_id: str) -> None:
        """Take a row out of the side bar (deleted or archived)."""
        self.conversations.pop(conversation_id, None)
        self._dirty.conversations = True
        self.on_change()

    def mark_draft(self, conversation_id: str, *, has_draft: bool) -> None:
        """Show or hide the word `draft` beside a conversation."""
        row = self.conversations.get(conversation_id)
        if row is not None and row.has_draft != has_draft:
            row.has_draft = has_draft
            self._dirty.conversations = True
            self.on_change()

    def apply_models(self, frames: list[Frame]) -> None:
        """Replace the models that can be chosen."""
        self.models = [wire.model_row(frame) for frame in frames]
        self._dirty.header = True
        self.on_change()

    def apply_hits(self, frames: list[Frame]) -> None:
        """Replace what the search found (`search.query`)."""
        self.hits = [wire.search_hit(frame) for frame in frames]
        self._dirty.hits = True
        self.on_change()

    def apply_link(
        self, kind: LinkKind, *, server: str, retry_at_ms: int | None = None, messages_waiting: int = 0
    ) -> None:
        """The state of the connection, told by the client library."""
        self.link = Link(server, kind, retry_at_ms, messages_waiting)
        self._dirty.header = self._dirty.status = True
        self.on_change()

    def say(self, note: str) -> None:
        """Put a word on the status row; empty takes it away."""
        self.note = note
        self._dirty.status = True
        self.on_change()

    # The open conversation.

    def open_empty(
        self, conversation_id: str, *, title: str = "", project: str = "", model: str = ""
    ) -> None:
        """Show a conversation of which nothing is loaded yet, or a new one."""
        self.open = OpenConversation(conversation_id, title=title, project=project, model=model)
        self._sanitizers.clear()
        self._everything_changed()

    def apply_snapshot(self, frame: Frame) -> None:
        """Replace the open conversation by the answer of `conversation.subscribe` (mode `snapshot`)."""
        head = wire.inner(frame, "conversation")
        opened = OpenConversation(
            id=wire.identifier(head, "id") or "",
            title=wire.text(head, "title"),
            project=wire.text(head, "project_name") or wire.text(wire.inner(head, "project"), "name"),
            model=wire.text(head, "model"),
            model_provider=wire.text(head, "provider"),
            head=wire.whole(frame, "head"),
            leaf_id=wire.identifier(frame, "leaf"),
            cost_usd=wire.number(head, "cost_usd"),
            tokens=wire.whole(head, "tokens"),
            context_share=wire.number(head, "context_share"),
            people_here=[wire.text(person, "name") for person in wire.items(frame, "presence")],
        )
        for item in wire.items(frame, "tree"):
            opened.nodes[wire.identifier(item, "id") or ""] = wire.node(item)
        for item in wire.items(frame, "messages"):
            self._add_message(opened, wire.message(item))
        for item in wire.items(frame, "runs"):
            run = wire.run(item)
            opened.runs[run.id] = run
        for item in wire.items(frame, "approvals"):
            approval = wire.approval(item)
            opened.approvals[approval.id] = approval
        _rebuild_path(opened)
        self.open = opened
        self._sanitizers.clear()
        self._everything_changed()

    def apply_older(self, frames: list[Frame]) -> None:
        """Add messages read with `message.list`; their places in the tree may be known already."""
        if self.open is None:
            return
        for frame in frames:
            message = wire.message(frame)
            self._add_message(self.open, message)
            self._dirty.messages.add(message.id)
        _rebuild_path(self.open)
        self._dirty.path = True
        self.on_change()

    def show_pending(self, message: Message) -> None:
        """Show a message of our own before the server has it; its event replaces it under the same id."""
        if self.open is None:
            return
        self._add_message(self.open, message)
        self.open.leaf_id = message.id
        _rebuild_path(self.open)
        self._dirty.path = True
        self.on_change()

    def apply_leaf(self, leaf_id: str) -> None:
        """Show another branch."""
        if self.open is None:
            return
        self.open.leaf_id = leaf_id
        _rebuild_path(self.open)
        self._dirty.path = self._dirty.status = True
        self.on_change()

    def apply_event(self, frame: Frame) -> None:
        """Apply one durable `event`; old ones and unknown types only advance the head."""
        opened = self.open
        if opened is None or wire.identifier(frame, "conversation_id") != opened.id:
            return
        seq = wire.whole(frame, "seq")
        if seq <= opened.head:
            return
        opened.head = seq
        kind, data = wire.text(frame, "type"), wire.inner(frame, "data")
        family, _, verb = kind.partition(".")
        if family == "message":
            self._apply_message_event(opened, verb, data)
        elif family == "run":
            self._apply_run_event(opened, verb, data, wire.moment_ms(frame, "at"))
        elif family == "part":
            self._apply_part_event(opened, verb, data)
        elif family == "approval":
            self._apply_approval_event(opened, verb, data)
        elif kind == "conversation.updated":
            self._apply_conversation_event(opened, data)
        self.on_change()

    def apply_delta(self, frame: Frame) -> bool:
        """Append text in flight (`{c, m, p, o, d, g?}`).

        False when text before it is missing or belongs to another attempt: the caller reads the part anew.
        """
        opened = self.open
        if opened is None or wire.identifier(frame, "c") != opened.id:
            return True
        message = opened.messages.get(wire.identifier(frame, "m") or "")
        index, offset = wire.whole(frame, "p"), wire.whole(frame, "o")
        raw = frame.get("d")
        if message is None or index >= len(message.parts) or not isinstance(raw, str):
            return False
        part = message.parts[index]
        if offset > part.received or wire.whole(frame, "g") != part.generation:
            return False
        fresh = raw[part.received - offset :]
        if fresh:
            self._append(message, index, fresh)
            self.on_change()
        return True

    def replace_part_text(self, message_id: str, index: int, raw: str, generation: int = 0) -> None:
        """Set a part's whole text, as `part.read` gave it."""
        message = self.open.messages.get(message_id) if self.open else None
        if message is None or index >= len(message.parts):
            return
        part = message.parts[index]
        self._start_part_anew(message, index, generation)
        self._append(message, index, raw)
        part.generation = generation
        self.on_change()

    def apply_presence(self, *, here: list[str], typing: list[str]) -> None:
        """Who else has the conversation open and who is typing, by name."""
        if self.open is None:
            return
        self.open.people_here = [wire.text({"name": name}, "name") for name in here]
        self.open.people_typing = [wire.text({"name": name}, "name") for name in typing]
        self._dirty.header = self._dirty.status = True
        self.on_change()

    # Inside.

    def _everything_changed(self) -> None:
        self._dirty.header = self._dirty.status = self._dirty.path = True
        self._dirty.conversations = True
        self.on_change()

    @staticmethod
    def _add_message(opened: OpenConversation, message: Message) -> None:
        opened.messages[message.id] = message
        opened.nodes[message.id] = Node(message.parent_id, message.created_seq)

    def _apply_message_event(self, opened: OpenConversation, verb: str, data: Frame) -> None:
        if verb == "deleted":
            message_id = wire.identifier(data, "message_id") or wire.identifier(data, "id") or ""
            self._drop_message(opened, message_id)
            return
        if verb not in ("created", "updated"):
            return
        message = wire.message(wire.inner(data, "message") or data)
        known = opened.messages.get(message.id)
        if known is not None and not message.parts:
            message.parts = known.parts
        self._add_message(opened, message)
        if known is None and (message.parent_id == opened.leaf_id or opened.leaf_id is None):
            opened.leaf_id = message.id
        _rebuild_path(opened)
        self._dirty.path = True
        self._dirty.messages.add(message.id)

    def _drop_message(self, opened: OpenConversation, message_id: str) -> None:
        node = opened.nodes.pop(message_id, None)
        opened.messages.pop(message_id, None)
        if node is not None and message_id in opened.path:
            opened.leaf_id = node.parent_id
        _rebuild_path(opened)
        self._dirty.path = True

    def _apply_run_event(self, opened: OpenConversation, verb: str, data: Frame, at_ms: int) -> None:
        run = wire.run(wire.inner(data, "run") or data)
        known = opened.runs.get(run.id)
        if known is not None:
            run.reply_id = run.reply_id or known.reply_id
            run.started_at_ms = known.started_at_ms
        run.started_at_ms = run.started_at_ms or at_ms
        run.status = wire.text(data, "status", "completed") if verb == "finished" else _run_status(verb)
        opened.runs[run.id] = run
        reply = opened.messages.get(run.reply_id)
        if reply is not None:
            _settle_reply(reply, run.status, data)
            self._dirty.messages.add(reply.id)
        if run.status not in ACTIVE_RUNS:
            del opened.runs[run.id]
            _add_up(opened, wire.inner(data, "usage"), wire.number(data, "cost_usd"))
        self._dirty.status = self._dirty.header = True

    def _apply_part_event(self, opened: OpenConversation, verb: str, data: Frame) -> None:
        message = opened.messages.get(wire.identifier(data, "message_id") or wire.identifier(data, "m") or "")
        if message is None:
            return
        index = wire.whole(data, "p", wire.whole(data, "index"))
        if verb == "started":
            while len(message.parts) < index:
                message.parts.append(Part("text"))
            part = wire.part(wire.inner(data, "part") or data)
            part.status = "streaming"
            message.parts[index : index + 1] = [part]
        elif index < len(message.parts):
            self._change_part(message, index, verb, data)
        self._dirty.messages.add(message.id)

    def _change_part(self, message: Message, index: int, verb: str, data: Frame) -> None:
        part = message.parts[index]
        if verb == "completed":
            part.status = wire.text(data, "status", "completed")
            part.seconds = wire.number(data, "seconds") or part.seconds
            sanitizer = self._sanitizers.pop((message.id, index, part.generation), None)
            if sanitizer is not None and (rest := sanitizer.finish()):
                part.pieces.append(rest)
        elif verb == "reset":
            self._start_part_anew(message, index, wire.whole(data, "g"))
        elif verb == "updated":
            part.status = wire.text(data, "status", part.status)

    def _apply_approval_event(self, opened: OpenConversation, verb: str, data: Frame) -> None:
        approval = wire.approval(wire.inner(data, "approval") or data)
        if verb == "requested":
            opened.approvals[approval.id] = approval
        else:
            approval = opened.approvals.pop(approval.id, approval)
        self._dirty.messages.add(approval.message_id)
        self._dirty.status = True

    def _apply_conversation_event(self, opened: OpenConversation, data: Frame) -> None:
        opened.title = wire.text(data, "title", opened.title)
        opened.model = wire.text(data, "model", opened.model)
        row = self.conversations.get(opened.id)
        if row is not None:
            row.title = opened.title
        self._dirty.header = self._dirty.conversations = True

    def _start_part_anew(self, message: Message, index: int, generation: int) -> None:
        part = message.parts[index]
        self._sanitizers.pop((message.id, index, part.generation), None)
        part.pieces, part.received, part.generation = [], 0, generation
        self._dirty.messages.add(message.id)

    def _append(self, message: Message, index: int, fresh: str) -> None:
        part = message.parts[index]
        key = (message.id, index, part.generation)
        sanitizer = self._sanitizers.get(key)
        if sanitizer is None:
            sanitizer = self._sanitizers[key] = StreamSanitizer()
        if piece := sanitizer.feed(fresh):
            part.pieces.append(piece)
        part.received += len(fresh)
        self._dirty.messages.add(message.id)


def _nobody_listens() -> None:
    """The listener before anyone paints."""


def _run_status(verb: str) -> str:
    return {"started": "running"}.get(verb, verb)


def _settle_reply(reply: Message, run_status: str, data: Frame) -> None:
    """Bring a reply's status and figures in line with its run."""
    reply.status = "streaming" if run_status in ACTIVE_RUNS else run_status
    reply.error = wire.error_sentence(data) or reply.error
    reply.finish_reason = wire.text(data, "finish_reason", reply.finish_reason)
    usage = wire.inner(data, "usage")
    if usage:
        reply.input_tokens = wire.whole(usage, "input_tokens")
        reply.output_tokens = wire.whole(usage, "output_tokens")
    cost = wire.number(data, "cost_usd")
    reply.cost_usd = reply.cost_usd if cost is None else cost


def _add_up(opened: OpenConversation, usage: Frame, cost_usd: float | None) -> None:
    opened.tokens += wire.whole(usage, "input_tokens") + wire.whole(usage, "output_tokens")
    if cost_usd is not None:
        opened.cost_usd = (opened.cost_usd or 0.0) + cost_usd


def _rebuild_path(opened: OpenConversation) -> None:
    """Work out siblings and the way from the first message to the leaf; linear in the tree."""
    siblings: dict[str | None, list[str]] = {}
    for message_id, node in opened.nodes.items():
        siblings.setdefault(node.parent_id, []).append(message_id)
    for alike in siblings.values():
        if len(alike) > 1:
            alike.sort(key=lambda message_id: opened.nodes[message_id].created_seq)
    opened.siblings = siblings
    if opened.leaf_id not in opened.nodes:
        opened.leaf_id = max(
            opened.nodes, key=lambda message_id: opened.nodes[message_id].created_seq, default=None
        )
    path: list[str] = []
    step = opened.leaf_id
    seen: set[str] = set()
    while step is not None and step in opened.nodes and step not in seen:
        seen.add(step)
        path.append(step)
        step = opened.nodes[step].parent_id
    path.reverse()
    opened.path = path
