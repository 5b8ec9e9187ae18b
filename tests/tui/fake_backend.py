"""A backend without a server: it records what it was asked, and can answer by itself for pictures."""

import asyncio
import time
from collections.abc import Callable
from itertools import count

from chatty.client.updates import Delta, Event, Snapshot
from chatty.tui.backend import Where, nothing
from chatty.tui.prompts import PromptChoice
from chatty.tui.state import Message, OpenConversation
from chatty.tui.store import Store

ANSWER = "The **fixture** pins `clock`:\n\n1. give the fixture function scope,\n2. step it by hand.\n"


class FakeBackend:
    """Keeps `(name, arguments…)` of every call in `calls`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: list[tuple[object, ...]] = []
        self.keys_kept: list[Callable[[], None]] = []
        """What follows once a key is kept."""
        self.answers = False
        self._numbers = count(1)
        self._seq = count(1_000)
        self._tasks: set[asyncio.Task[None]] = set()

    def _record(self, *call: object) -> None:
        self.calls.append(call)

    def send(self, text: str) -> None:
        self._record("send", text)
        if self.store.open is not None:
            self.store.open.is_new = False
        if self.answers:
            task = asyncio.get_running_loop().create_task(self._answer(text))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, text: str) -> None:
        number = next(self._numbers)
        opened = self.store.open
        if opened is None:
            return
        mine, reply, run = f"mine-{number}", f"reply-{number}", f"run-{number}"
        self._created(mine, "user", opened.leaf_id, text)
        self._created(reply, "assistant", mine, "")
        self._event("run.queued", {"run": {"id": run, "message_id": reply, "status": "queued"}})
        self._event(
            "run.started", {"run_id": run, "message_id": reply, "provider": "guide", "model": "guide"}
        )
        for offset in range(0, len(ANSWER), 7):
            await asyncio.sleep(0.03)
            self.store.apply(opened.id, Delta(reply, 0, offset, ANSWER[offset : offset + 7], 0, "text"))
        self._event("part.completed", {"message_id": reply, "part": 0, "type": "text", "len": len(ANSWER)})
        self._event("run.finished", {"run_id": run, "message_id": reply, "status": "completed"})

    def _created(self, message_id: str, role: str, parent_id: str | None, text: str) -> None:
        message: dict[str, object] = {
            "id": message_id,
            "role": role,
            "status": "completed" if text else "pending",
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "created_seq": 1,
            "parts": [{"type": "text", "text": text}] if text else [],
        }
        if parent_id is not None:
            message["parent_id"] = parent_id
        self._event("message.created", {"message": message}, "me" if text else None)

    def _event(self, kind: str, data: dict[str, object], actor: str | None = None) -> None:
        opened = self.store.open
        assert opened is not None
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.store.apply(opened.id, Event(opened.id, next(self._seq), kind, at, actor, data))

    def stop(self) -> None:
        self._record("stop")

    def new_conversation(self) -> None:
        self._record("new_conversation")
        opened = OpenConversation(f"new-{next(self._numbers)}", model="guide", is_new=True)
        self.store.open_conversation(opened)

    def open_conversation(self, conversation_id: str, at: str = "") -> None:
        self._record("open_conversation", conversation_id, *([at] if at else []))
        row = self.store.conversations.get(conversation_id)
        opened = OpenConversation(conversation_id, title=row.title if row else "", model="gpt-5.2")
        self.store.open_conversation(opened)
        if conversation_id == "c1":
            self.store.apply("c1", Snapshot(EMPTY))

    def rename_conversation(self, title: str) -> None:
        self._record("rename_conversation", title)

    def delete_conversation(self) -> None:
        self._record("delete_conversation")

    def archive_conversation(self) -> None:
        self._record("archive_conversation")

    def restore_conversation(self) -> None:
        self._record("restore_conversation")

    def want_messages(self, message_id: str, where: Where) -> None:
        self._record("want_messages", message_id, where)

    def show_sibling(self, message: Message, step: int) -> None:
        self._record("show_sibling", message.id, step)

    def edit(self, message: Message, text: str) -> None:
        self._record("edit", message.id, text)

    def again(self, message: Message, model: str | None = None) -> None:
        self._record("again", message.id, model)

    def continue_answer(self, message: Message) -> None:
        self._record("continue_answer", message.id)

    def branch(self, message: Message) -> None:
        self._record("branch", message.id)

    def want_models(self) -> None:
        self._record("want_models")

    def choose_model(self, model_id: str, *, as_default: bool) -> None:
        self._record("choose_model", model_id, as_default)

    def projects(self) -> list[str]:
        return ["api-redesign", "home"]

    def choose_project(self, name: str) -> None:
        self._record("choose_project", name)

    def prompts(self) -> list[PromptChoice]:
        return [
            PromptChoice("review", "Review this patch.\nBe brief."),
            PromptChoice("translate", "From {{from}} into {{ to }}: {{from}}", ("from", "to")),
        ]

    def want_earlier_prompts(self) -> None:
        self._record("want_earlier_prompts")

    def providers(self) -> list[str]:
        return ["anthropic", "groq", "openai"]

    def set_key(self, provider: str, key: str, then: Callable[[], None] = nothing) -> None:
        self._record("set_key", provider, key)
        self.keys_kept.append(then)

    def choose_provider(self, name: str) -> None:
        self._record("choose_provider", name)

    def add_endpoint(self, address: str) -> None:
        self._record("add_endpoint", address)

    def keep_theme(self, name: str) -> None:
        self._record("keep_theme", name)

    def search(self, words: str) -> None:
        self._record("search", words)
        hit = {"conversation_id": "c2", "message_id": "m9", "title": "Release notes"}
        self.store.apply_found(words, [{**hit, "snippet": f"found {words}", "marks": [(6, 6 + len(words))]}])

    def redraw(self) -> None:
        self._record("redraw")


EMPTY: dict[str, object] = {
    "conversation": {"id": "c1", "title": "Fix the flaky test"},
    "messages": [],
    "siblings": [],
    "leaf": None,
    "runs": [],
    "head": 1,
    "has_older": False,
    "open_parts": [],
}
"""The snapshot of a conversation without messages."""
