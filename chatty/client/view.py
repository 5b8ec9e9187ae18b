"""The state of one conversation as its updates make it. No I/O, no screen, no clock.

The rule that tests hold it to: a view made from a snapshot and the updates after it equals a view
made from a later snapshot. Unknown events and unknown types of parts change nothing but the place.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chatty.client.updates import Delta, Event, Snapshot, Update


class PartView:
    """One typed piece of a message.

    Attributes:
        type: ``text``, ``reasoning``, …; a face shows a placeholder for one it does not know.
        name: file name of attached text.
        status: ``streaming`` or ``completed``.
        generation: raised whenever the text so far was thrown away.
        data: facts of this type.
        length: code points in the text.
        revision: raised whenever text that was there was taken away; until then it only grows.
    """

    __slots__ = ("_pieces", "data", "generation", "length", "name", "revision", "status", "type")

    def __init__(
        self,
        part_type: str,
        text: str = "",
        *,
        name: str | None = None,
        status: str = "streaming",
        generation: int = 0,
        data: dict[str, Any] | None = None,
    ) -> None:
        self.type = part_type
        self.name = name
        self.status = status
        self.generation = generation
        self.data = data
        self.revision = 0
        self.length = len(text)
        self._pieces = [text] if text else []

    @property
    def text(self) -> str:
        """The whole text. Joined on demand: adding a delta costs no copy of what is there."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def tail(self, start: int) -> str:
        """Return the text from ``start`` on. It costs what it returns, however much comes before."""
        wanted, found = self.length - start, []
        for piece in reversed(self._pieces):
            if wanted <= 0:
                break
            found.append(piece[-wanted:])
            wanted -= len(piece)
        return "".join(reversed(found))

    def write(self, offset: int, text: str) -> None:
        """Let the text be ``text`` from ``offset`` on."""
        if offset < self.length:
            self._pieces = [self.text[:offset]]
            self.length = offset
            self.revision += 1
        if text:
            self._pieces.append(text)
            self.length += len(text)


@dataclass(slots=True)
class MessageView:
    """One message. Fields as in ``chatty.protocol.message.Message``."""

    id: str
    parent_id: str | None
    created_seq: int
    role: str
    status: str
    created_at: str
    parts: list[PartView]
    author: dict[str, Any] | None = None
    run_id: str | None = None
    provider: str | None = None
    model: str | None = None
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    edited_from_id: str | None = None

    @property
    def text(self) -> str:
        """What a reader of the message reads: its parts of type ``text``, joined."""
        return "".join(part.text for part in self.parts if part.type == "text")

    def part(self, index: int, part_type: str) -> PartView:
        """Return a part, made now if it is new; parts before it that never came are empty."""
        while len(self.parts) <= index:
            self.parts.append(PartView(part_type))
        return self.parts[index]


@dataclass(slots=True)
class Changes:
    """What is different since somebody looked last."""

    messages: set[str] = field(default_factory=set)
    """Messages to draw again."""
    shape: bool = False
    """Messages came, went, or another path is in use."""
    conversation: bool = False
    """Title, model, runs or the like."""


class ConversationView:
    """One conversation, kept up by ``apply``.

    The path in use follows what this user adds, from whichever program, and what anybody adds at its
    end; what others add elsewhere leaves it alone.

    Args:
        user_id: who looks; ``None``: everything is this user's own, as on a local server.

    Attributes:
        user_id: who looks; may be set until the first snapshot.
        conversation: as ``chatty.protocol.conversation.Conversation``; empty before the first snapshot.
        messages: those at hand, by id: a stretch of the path in use, what was added since, older pages.
        leaf: the last message of the path in use.
        runs: the runs that are not finished, by id.
        head: the newest event applied.
        wants_snapshot: this user went on elsewhere, from another program: what is on that path and beside
            it is not at hand. ``Subscription.refresh`` brings it.
    """

    def __init__(self, user_id: str | None = None) -> None:
        self.user_id = user_id
        self.conversation: dict[str, Any] = {}
        self.messages: dict[str, MessageView] = {}
        self.leaf: str | None = None
        self.runs: dict[str, dict[str, Any]] = {}
        self.head = 0
        self.wants_snapshot = False
        self._versions: dict[str | None, list[tuple[int, str]]] = {}
        """Parent -> what is known to be below it: place in the order of creation, and id."""
        self._changes = Changes()

    def apply(self, update: Update) -> None:
        """Take over one update of a ``Subscription``."""
        match update:
            case Snapshot(result):
                self._replace(result)
            case Event():
                self._apply_event(update)
            case Delta():
                self._apply_delta(update)

    def take_changes(self) -> Changes:
        """Return what has changed since this was called last."""
        changes, self._changes = self._changes, Changes()
        return changes

    def path(self) -> list[MessageView]:
        """Return the messages at hand on the path in use, oldest first."""
        path: list[MessageView] = []
        current = self.leaf
        while current is not None and (message := self.messages.get(current)) is not None:
            path.append(message)
            current = message.parent_id
        return path[::-1]

    @property
    def has_older(self) -> bool:
        """Whether the path goes on above the messages at hand."""
        path = self.path()
        return self.leaf is not None and (not path or path[0].parent_id is not None)

    def siblings(self, message_id: str) -> list[str]:
        """Return the ids of all versions of a message at hand, itself included, in order of creation."""
        message = self.messages.get(message_id)
        return [] if message is None else [version for _, version in self._versions[message.parent_id]]

    def use_leaf(self, message_id: str) -> bool:
        """Let the path in use end in a message; False, and nothing happens, if it is not all at hand.

        Where a path leaves the one in use, everything on it was seen to come, with what is beside it.
        """
        on_path = {message.id for message in self.path()}
        step: str | None = message_id
        while step is not None and step not in on_path:
            message = self.messages.get(step)
            if message is None:
                return False
            step = message.parent_id
        self.leaf = message_id
        self._changes.shape = True
        return True

    def add_older(self, page: dict[str, Any]) -> None:
        """Take over a result of ``message.list``: messages above those at hand."""
        for message in page["messages"]:
            if message["id"] not in self.messages:
                self._keep(message)
        self._note_versions(page.get("siblings", ()))
        self._changes.shape = True

    def _replace(self, result: dict[str, Any]) -> None:
        self.conversation = dict(result["conversation"])
        self.messages, self._versions = {}, {}
        for message in result.get("messages", ()):
            self._keep(message)
        self._note_versions(result.get("siblings", ()))
        self.leaf = result.get("leaf")
        self.runs = {run["id"]: dict(run) for run in result.get("runs", ())}
        self.head = result["head"]
        self.wants_snapshot = False
        for part in result.get("open_parts", ()):
            self._open_part(part)
        self._changes = Changes(set(self.messages), shape=True, conversation=True)

    def _open_part(self, part: dict[str, Any]) -> None:
        offset = part.get("from", 0)
        self._apply_delta(
            Delta(part["message_id"], part["part"], offset, part["text"], part["g"], part["type"])
        )

    def _apply_delta(self, delta: Delta) -> None:
        message = self.messages.get(delta.message_id)
        if message is None:
            return  # on a path that is not at hand: fetched with its text when it is wanted
        part = message.part(delta.part, delta.part_type)
        part.generation = delta.generation
        part.write(delta.offset, delta.text)
        self._changes.messages.add(message.id)

    def _apply_event(self, event: Event) -> None:
        self.head = event.seq
        if self.conversation:
            self.conversation["head"] = event.seq
        kind, _, what = event.type.partition(".")
        match kind:
            case "conversation":
                self._apply_conversation_event(event.data)
            case "message":
                self._apply_message_event(what, event)
            case "run":
                self._apply_run_event(what, event)
            case "part":
                self._apply_part_event(what, event.data)

    def _apply_conversation_event(self, data: dict[str, Any]) -> None:
        if "conversation" in data:
            self.conversation = dict(data["conversation"])
        self._changes.conversation = True

    def _apply_message_event(self, what: str, event: Event) -> None:
        match what:
            case "created":
                self._add(event.data["message"], is_own=self._is_own(event))
            case "updated":
                self._patch(event.data["message_id"], event.data)

    def _is_own(self, event: Event) -> bool:
        """Whether a person caused it, and that person is who looks."""
        return event.actor is not None and self.user_id in (None, event.actor)

    def _add(self, message: dict[str, Any], *, is_own: bool) -> None:
        self._keep(message)
        if is_own or self.leaf == message.get("parent_id"):
            self._follow(message["id"])
        self.conversation["message_count"] = self.conversation.get("message_count", 0) + 1
        self._changes.messages.add(message["id"])
        self._changes.shape = True

    def _keep(self, message: dict[str, Any]) -> None:
        self.messages[message["id"]] = _message_view(message)
        self._note_versions((message,))

    def _note_versions(self, messages: Iterable[dict[str, Any]]) -> None:
        for message in messages:
            versions = self._versions.setdefault(message.get("parent_id"), [])
            version = message["created_seq"], message["id"]
            place = bisect_left(versions, version)
            if versions[place : place + 1] != [version]:
                versions.insert(place, version)

    def _follow(self, message_id: str) -> None:
        """Let the path in use end in a message. Beside one that hangs on nothing at hand may be others."""
        self.wants_snapshot = self.wants_snapshot or not self._knows_versions_of(message_id)
        self.leaf = message_id
        self._changes.shape = True

    def _knows_versions_of(self, message_id: str) -> bool:
        """Whether what is beside a message that has just come is at hand, as its parent or the root is."""
        message = self.messages.get(message_id)
        if message is None:
            return False
        return not self.has_older if message.parent_id is None else message.parent_id in self.messages

    def _patch(self, message_id: str, patch: dict[str, Any]) -> None:
        """Take over the named fields of a message; ``None`` clears one."""
        message = self.messages.get(message_id)
        if message is None:
            return
        for name in _PATCHED:
            if name in patch:
                setattr(message, name, _compact(patch[name]))
        if "parts" in patch:
            message.parts = [_part_view(part) for part in patch["parts"]]
        self._changes.messages.add(message_id)

    def _apply_run_event(self, what: str, event: Event) -> None:
        data = event.data
        match what:
            case "queued":
                self._queue_run(data["run"], is_own=self._is_own(event))
            case "started":
                self._update_run({**data, "started_at": event.at}, "running")
                self._patch(data["message_id"], {**_named(data), "status": "streaming"})
            case "waiting":
                self._update_run(data, "waiting")
            case "finished":
                self.runs.pop(data["run_id"], None)
                self._patch(data["message_id"], {name: data[name] for name in _FINISHED if name in data})
        self.conversation["is_answering"] = bool(self.runs)
        self._changes.conversation = True

    def _queue_run(self, run: dict[str, Any], *, is_own: bool) -> None:
        self.runs[run["id"]] = dict(run)
        self._patch(run["message_id"], {**_NOT_YET, "run_id": run["id"], "status": "pending"})
        if is_own and self.leaf != run["message_id"]:
            self._follow(run["message_id"])

    def _update_run(self, data: dict[str, Any], status: str) -> None:
        if (run := self.runs.get(data["run_id"])) is not None:
            run.update(_named(data), status=status)
            if "started_at" in data:
                run["started_at"] = data["started_at"]

    def _apply_part_event(self, what: str, data: dict[str, Any]) -> None:
        message = self.messages.get(data["message_id"])
        if message is None:
            return
        part = message.part(data["part"], data.get("type", "text"))
        if what in ("completed", "reset"):
            part.write(data["len"], "")
        if what in ("started", "reset"):
            part.generation = data.get("g", 0)
        if what == "started":
            part.type = data.get("type", part.type)
        part.status = "completed" if what == "completed" else "streaming"
        self._changes.messages.add(message.id)


_PATCHED = ("status", "run_id", "provider", "model", "finish_reason", "usage", "error")
_FINISHED = ("status", "provider", "model", "finish_reason", "usage", "error")
_NOT_YET = {"finish_reason": None, "usage": None, "error": None}


def _named(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("provider", "model") if name in data}


def _message_view(message: dict[str, Any]) -> MessageView:
    return MessageView(
        id=message["id"],
        parent_id=message.get("parent_id"),
        created_seq=message["created_seq"],
        role=message["role"],
        status=message["status"],
        created_at=message.get("created_at", ""),
        parts=[_part_view(part) for part in message.get("parts", ())],
        author=message.get("author"),
        run_id=message.get("run_id"),
        provider=message.get("provider"),
        model=message.get("model"),
        finish_reason=message.get("finish_reason"),
        usage=_compact(message.get("usage")),
        error=_compact(message.get("error")),
        edited_from_id=message.get("edited_from_id"),
    )


def _compact(value: Any) -> Any:
    """In results a member that is ``None`` may as well be absent; events spell it out."""
    if not isinstance(value, dict):
        return value
    return {name: member for name, member in value.items() if member is not None}


def _part_view(part: dict[str, Any]) -> PartView:
    return PartView(
        part["type"],
        part.get("text", ""),
        name=part.get("name"),
        status=part.get("status", "completed"),
        generation=part.get("g", 0),
        data=part.get("data"),
    )
