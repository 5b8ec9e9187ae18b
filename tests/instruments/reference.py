"""What a server does with conversations, written as simply as can be: the model clients are tested by.

In memory, one user, no rights, no limits. Every change makes its events at once and hands them to
whoever watches; nothing here knows a socket. The fake server puts it behind one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id

JsonObject = dict[str, Any]
Watch = Callable[[str, JsonObject], None]
"""Called with the method and the parameters of a notification."""

USER = "somebody"
AT = "2026-01-01T00:00:00.000Z"


@dataclass
class Conversation:
    """One conversation with everything that ever happened in it."""

    id: str
    title: str
    messages: dict[str, JsonObject] = field(default_factory=dict)
    runs: dict[str, JsonObject] = field(default_factory=dict)
    events: list[JsonObject] = field(default_factory=list)
    requests: dict[str, tuple[JsonObject, JsonObject]] = field(default_factory=dict)
    version: int = 1
    leaf: str | None = None

    @property
    def head(self) -> int:
        return len(self.events)

    def as_wire(self) -> JsonObject:
        return {
            "id": self.id,
            "title": self.title,
            "title_source": "message",
            "origin": "tui",
            "head": self.head,
            "message_count": len(self.messages),
            "version": self.version,
            "created_at": AT,
            "updated_at": AT,
            "is_answering": bool(self.runs),
        }


class Reference:
    """Conversations and the requests that change them.

    Attributes:
        history_id: changed by a test that plays a restored database.
        tail_limit: more missed events than this lead to a snapshot.
    """

    def __init__(self) -> None:
        self.history_id = "history-1"
        self.tail_limit = 500
        self.conversations: dict[str, Conversation] = {}
        self.watchers: list[Watch] = []
        self.on_run: Callable[[JsonObject], None] = lambda run: None

    def handle(self, method: str, params: JsonObject) -> JsonObject:
        """Carry out one request. Raises ``ProtocolError``."""
        handler = getattr(self, "_" + method.replace(".", "_"), None)
        if handler is None:
            raise ProtocolError("method_not_found", f"no method {method}")
        result: JsonObject = handler(params)
        return result

    # What a run does.

    def start(self, run_id: str) -> None:
        conversation, run = self._run(run_id)
        run.update(status="running", started_at=AT)
        message = conversation.messages[run["message_id"]]
        message.update(status="streaming", **_served(run))
        self._event(
            conversation, "run.started", {"run_id": run_id, "message_id": message["id"], **_served(run)}
        )

    def write(self, run_id: str, text: str, *, part_type: str = "text") -> None:
        """Append text to the run's last part of that type, opening one if the last is another."""
        conversation, run = self._run(run_id)
        message = conversation.messages[run["message_id"]]
        parts = message["parts"]
        is_new = not parts or parts[-1]["type"] != part_type
        if is_new:
            self._complete_parts(conversation, message)
            parts.append({"type": part_type, "text": "", "status": "streaming", "g": 0})
        part, index = parts[-1], len(parts) - 1
        if is_new or part["status"] == "completed":
            part["status"] = "streaming"
            self._event(
                conversation,
                "part.started",
                {
                    "message_id": message["id"],
                    "part": index,
                    "type": part_type,
                    "g": part["g"],
                    "offset": len(part["text"]),
                },
            )
        delta = {"c": conversation.id, "m": message["id"], "p": index, "o": len(part["text"]), "d": text}
        if part["g"]:
            delta["g"] = part["g"]
        if part_type != "text":
            delta["t"] = part_type
        part["text"] += text
        self._notify("delta", delta)

    def reset(self, run_id: str, length: int) -> None:
        """Throw away the end of the part in flight, as a retried provider makes it necessary."""
        conversation, run = self._run(run_id)
        message = conversation.messages[run["message_id"]]
        index = len(message["parts"]) - 1
        part = message["parts"][index]
        part["text"] = part["text"][:length]
        part["g"] += 1
        data = {"message_id": message["id"], "part": index, "g": part["g"], "len": length, "reason": "retry"}
        self._event(conversation, "part.reset", data)

    def finish(self, run_id: str, status: str = "completed") -> None:
        conversation, run = self._run(run_id)
        message = conversation.messages[run["message_id"]]
        self._complete_parts(conversation, message)
        del conversation.runs[run_id]
        message.update(status=status, finish_reason="stop", **_served(run))
        data = {
            "run_id": run_id,
            "message_id": message["id"],
            "status": status,
            "finish_reason": "stop",
            "usage": None,
            "error": None,
            **_served(run),
        }
        self._event(conversation, "run.finished", data)

    def crash(self, run_id: str, kept: int) -> None:
        """Lose the end of what was streamed and start again, without completing the part first."""
        conversation, run = self._run(run_id)
        message = conversation.messages[run["message_id"]]
        for part in message["parts"]:
            if part["status"] == "streaming":
                part["text"] = part["text"][:kept]
                part["status"] = "completed"
        del conversation.runs[run_id]
        message.update(status="interrupted", finish_reason=None)
        data = {"run_id": run_id, "message_id": message["id"], "status": "interrupted", "finish_reason": None}
        self._event(conversation, "run.finished", data)

    # Requests.

    def _conversation_create(self, params: JsonObject) -> JsonObject:
        conversation = self._make(params["id"], params.get("title") or "untitled")
        return {"conversation": conversation.as_wire()}

    def _conversation_list(self, params: JsonObject) -> JsonObject:
        return {"items": [found.as_wire() for found in reversed(self.conversations.values())]}

    def _conversation_update(self, params: JsonObject) -> JsonObject:
        conversation = self._find(params["conversation_id"])
        conversation.title = params.get("title", conversation.title)
        conversation.version += 1
        seq = conversation.head + 1
        self._event(
            conversation, "conversation.updated", {"conversation": {**conversation.as_wire(), "head": seq}}
        )
        return {"conversation": conversation.as_wire(), "seq": seq}

    def _conversation_subscribe(self, params: JsonObject) -> JsonObject:
        conversation = self._find(params["conversation_id"])
        since = params.get("since") or {"history_id": None, "seq": 0}
        missed = conversation.events[since["seq"] :]
        if since["history_id"] != self.history_id or since["seq"] > conversation.head:
            return self.snapshot(conversation.id, **params.get("window", {}))
        if len(missed) > self.tail_limit:
            return self.snapshot(conversation.id, **params.get("window", {}))
        return {
            "mode": "tail",
            "history_id": self.history_id,
            "head": conversation.head,
            "open_parts": self._open_parts(conversation),
            "events": missed,
        }

    def _conversation_unsubscribe(self, params: JsonObject) -> JsonObject:
        return {}

    def snapshot(self, conversation_id: str, limit: int = 50, leaf: str | None = None) -> JsonObject:
        conversation = self._find(conversation_id)
        leaf = leaf or conversation.leaf
        path = self._path(conversation, leaf)
        shown = path[-limit:] if limit else []
        return {
            "mode": "snapshot",
            "history_id": self.history_id,
            "head": conversation.head,
            "open_parts": self._open_parts(conversation),
            "events": [],
            "conversation": conversation.as_wire(),
            "messages": [_stored(message) for message in shown],
            "has_older": len(path) > len(shown),
            "leaf": leaf,
            "siblings": _siblings(conversation, shown, leaf),
            "runs": [dict(run) for run in conversation.runs.values()],
        }

    def _message_send(self, params: JsonObject) -> JsonObject:
        target = params["conversation"]
        conversation = self.conversations.get(target["id"])
        if conversation is None and "create" in target:
            conversation = self._make(target["id"], params["parts"][0]["text"][:50] or "untitled")
        if conversation is None:
            raise ProtocolError("not_found", "no such conversation")
        return self._once(conversation, params, lambda: self._send(conversation, params))

    def _send(self, conversation: Conversation, params: JsonObject) -> JsonObject:
        parent_id = params.get("parent_id") or conversation.leaf
        message = self._add(conversation, params["id"], parent_id, "user", params["parts"])
        return self._with_run(conversation, message, params.get("run"))

    def _message_edit(self, params: JsonObject) -> JsonObject:
        conversation = self._find(params["conversation_id"])
        edited = conversation.messages[params["message_id"]]

        def work() -> JsonObject:
            message = self._add(conversation, params["id"], edited["parent_id"], "user", params["parts"])
            return self._with_run(conversation, message, params.get("run"))

        return self._once(conversation, params, work)

    def _message_regenerate(self, params: JsonObject) -> JsonObject:
        conversation = self._find(params["conversation_id"])
        found = conversation.messages[params["message_id"]]
        asked = conversation.messages[found["parent_id"]] if found["role"] == "assistant" else found
        return self._with_run(conversation, asked, params["run"])

    def _message_continue(self, params: JsonObject) -> JsonObject:
        conversation = self._find(params["conversation_id"])
        message = conversation.messages[params["message_id"]]
        message.update(
            status="pending", finish_reason=None, usage=None, error=None, run_id=params["run"]["id"]
        )
        run = self._queue(conversation, message, params["run"])
        return {"message": _copy(message), "run": run, "seq": conversation.head}

    def _message_list(self, params: JsonObject) -> JsonObject:
        conversation = self._find(params["conversation_id"])
        path = self._path(conversation, params.get("leaf") or conversation.leaf)
        if before := params.get("before"):
            path = path[: [message["id"] for message in path].index(before)]
        limit, has_newer = params.get("limit", 50), False
        if after := params.get("after"):
            path = path[[message["id"] for message in path].index(after) + 1 :]
            page, has_newer = path[:limit], limit < len(path)
        else:
            page = path[-limit:]
        leaf = None if before or after or not page else page[-1]["id"]
        return {
            "messages": [_copy(message) for message in page],
            "siblings": _siblings(conversation, page, leaf),
            "has_older": bool(after) or len(page) < len(path),
            "has_newer": has_newer,
        }

    def _message_tree(self, params: JsonObject) -> JsonObject:
        conversation = self._find(params["conversation_id"])
        nodes = [_without_text(message) for message in conversation.messages.values()]
        begin, limit = int(params.get("cursor", "0")), params.get("limit", 1000)
        has_more = begin + limit < len(nodes)
        return {
            "nodes": nodes[begin : begin + limit],
            **({"next": str(begin + limit)} if has_more else {}),
        }

    def _conversation_set_leaf(self, params: JsonObject) -> JsonObject:
        conversation = self._find(params["conversation_id"])
        message_id = params["message_id"]
        if message_id not in conversation.messages:
            raise ProtocolError("not_found", "no such message")
        conversation.leaf = (
            self._leaf_through(conversation, message_id) if params.get("through") else message_id
        )
        return {"leaf": conversation.leaf}

    def _leaf_through(self, conversation: Conversation, message_id: str) -> str:
        def is_below(leaf: str | None) -> bool:
            return message_id in [message["id"] for message in self._path(conversation, leaf)]

        if conversation.leaf is not None and is_below(conversation.leaf):
            return conversation.leaf
        return next(found for found in reversed(conversation.messages) if is_below(found))

    def _part_read(self, params: JsonObject) -> JsonObject:
        conversation = self._find(params["conversation_id"])
        message = conversation.messages.get(params["message_id"])
        if message is None or params["part"] >= len(message["parts"]):
            raise ProtocolError("not_found", "no such part")
        part = message["parts"][params["part"]]
        start = params.get("from", 0)
        return {
            "type": part["type"],
            "text": part["text"][start : start + params.get("limit", 65536)],
            "len": len(part["text"]),
            "g": part.get("g", 0),
            "status": part["status"],
        }

    def _run_cancel(self, params: JsonObject) -> JsonObject:
        for conversation in self.conversations.values():
            if params["run_id"] in conversation.runs:
                self.finish(params["run_id"], "cancelled")
        return {"status": "cancelled"}

    def _ping(self, params: JsonObject) -> JsonObject:
        return {"time": AT}

    # Inside.

    def _once(
        self, conversation: Conversation, params: JsonObject, work: Callable[[], JsonObject]
    ) -> JsonObject:
        """Answer a repeated request like the first time, and refuse another one under the same id."""
        if params["id"] in conversation.requests:
            first, result = conversation.requests[params["id"]]
            if first != params:
                raise ProtocolError("conflict/idempotency_mismatch", "this id was used for something else")
            return {**result, "duplicate": True}
        result = work()
        conversation.requests[params["id"]] = (params, result)
        return result

    def _with_run(
        self, conversation: Conversation, message: JsonObject, draft: JsonObject | None
    ) -> JsonObject:
        run = None
        if draft is not None:
            reply = self._add(conversation, draft["reply_id"], message["id"], "assistant", [], draft["id"])
            run = self._queue(conversation, reply, draft)
        return {"message": _copy(message), "run": run, "seq": conversation.head}

    def _queue(self, conversation: Conversation, reply: JsonObject, draft: JsonObject) -> JsonObject:
        run = {
            "id": draft["id"],
            "conversation_id": conversation.id,
            "message_id": reply["id"],
            "status": "queued",
            "provider": "fake",
            "model": "counter",
            "created_at": AT,
        }
        conversation.runs[run["id"]] = run
        conversation.leaf = reply["id"]
        self._event(conversation, "run.queued", {"run": dict(run)}, USER)
        self.on_run(dict(run))
        return dict(run)

    def _add(
        self,
        conversation: Conversation,
        message_id: str,
        parent_id: str | None,
        role: str,
        parts: list[JsonObject],
        run_id: str | None = None,
    ) -> JsonObject:
        message: JsonObject = {
            "id": message_id,
            "conversation_id": conversation.id,
            "parent_id": parent_id,
            "created_seq": conversation.head + 1,
            "role": role,
            "status": "completed" if role == "user" else "pending",
            "parts": [{"status": "completed", "g": 0, **part} for part in parts],
            "created_at": AT,
            "run_id": run_id,
            "provider": None,
            "model": None,
            "finish_reason": None,
            "usage": None,
            "error": None,
        }
        conversation.messages[message_id] = message
        actor = USER if role == "user" else None
        if actor or conversation.leaf == parent_id:
            conversation.leaf = message_id
        self._event(conversation, "message.created", {"message": _copy(message)}, actor)
        return message

    def _complete_parts(self, conversation: Conversation, message: JsonObject) -> None:
        for index, part in enumerate(message["parts"]):
            if part["status"] == "streaming":
                part["status"] = "completed"
                data = {
                    "message_id": message["id"],
                    "part": index,
                    "type": part["type"],
                    "len": len(part["text"]),
                    "g": part["g"],
                }
                self._event(conversation, "part.completed", data)

    def _make(self, conversation_id: str, title: str) -> Conversation:
        return self.conversations.setdefault(conversation_id, Conversation(conversation_id, title))

    def _find(self, conversation_id: str) -> Conversation:
        if conversation_id not in self.conversations:
            raise ProtocolError("not_found", "no such conversation")
        return self.conversations[conversation_id]

    def _run(self, run_id: str) -> tuple[Conversation, JsonObject]:
        for conversation in self.conversations.values():
            if run_id in conversation.runs:
                return conversation, conversation.runs[run_id]
        raise ProtocolError("not_found", "no such run")

    def _path(self, conversation: Conversation, leaf: str | None) -> list[JsonObject]:
        path: list[JsonObject] = []
        while leaf is not None:
            path.append(conversation.messages[leaf])
            leaf = path[-1]["parent_id"]
        return path[::-1]

    def _open_parts(self, conversation: Conversation) -> list[JsonObject]:
        return [
            {
                "message_id": message["id"],
                "part": index,
                "type": part["type"],
                "g": part["g"],
                "text": part["text"],
                "from": 0,
            }
            for message in conversation.messages.values()
            for index, part in enumerate(message["parts"])
            if part["status"] == "streaming"
        ]

    def _event(
        self, conversation: Conversation, event_type: str, data: JsonObject, actor: str | None = None
    ) -> None:
        event = {
            "conversation_id": conversation.id,
            "seq": conversation.head + 1,
            "type": event_type,
            "at": AT,
            "actor": actor,
            "data": data,
        }
        conversation.events.append(event)
        self._notify("event", event)

    def _notify(self, method: str, params: JsonObject) -> None:
        for watch in tuple(self.watchers):
            watch(method, params)


def sending(conversation_id: str, text: str, *, with_run: bool = True) -> JsonObject:
    """Return the parameters of a ``message.send`` with fresh ids."""
    return {
        "conversation": {"id": conversation_id, "create": {}},
        "id": new_id(),
        "parts": [{"type": "text", "text": text}],
        "run": {"id": new_id(), "reply_id": new_id()} if with_run else None,
    }


def _copy(message: JsonObject) -> JsonObject:
    return {**message, "parts": [dict(part) for part in message["parts"]]}


def _stored(message: JsonObject) -> JsonObject:
    """A message as the disk has it: text in flight is elsewhere."""
    parts = [
        {**part, "text": "" if part["status"] == "streaming" else part["text"]} for part in message["parts"]
    ]
    return {**message, "parts": parts}


def _siblings(conversation: Conversation, shown: list[JsonObject], leaf: str | None) -> list[JsonObject]:
    """The other versions of these messages, and what is below the leaf, without text."""
    parents = {message["parent_id"] for message in shown} | ({leaf} if shown and leaf else set())
    own = {message["id"] for message in shown}
    return [
        _without_text(message)
        for message in conversation.messages.values()
        if message["parent_id"] in parents and message["id"] not in own
    ]


def _without_text(message: JsonObject) -> JsonObject:
    return {name: message[name] for name in ("id", "parent_id", "role", "status", "created_seq")}


def _served(run: JsonObject) -> JsonObject:
    return {"provider": run["provider"], "model": run["model"]}
