"""A backend without a server: it records what it was asked, and can answer by itself for pictures."""

import asyncio
from itertools import count

from chatty.tui.state import Message, Part
from chatty.tui.store import Store

ANSWER = "The **fixture** pins `clock`:\n\n1. give the fixture function scope,\n2. step it by hand.\n"


class FakeBackend:
    """Keeps `(name, arguments…)` of every call in `calls`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: list[tuple[object, ...]] = []
        self.answers = False
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def _record(self, *call: object) -> None:
        self.calls.append(call)

    def send(self, text: str) -> None:
        self._record("send", text)
        if self.answers:
            task = asyncio.get_running_loop().create_task(self._answer(text))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, text: str) -> None:
        number = next(self._numbers)
        opened = self.store.open
        if opened is None:
            return
        mine, reply = f"mine-{number}", f"reply-{number}"
        seq = opened.head
        now = 1_790_000_000_000
        question = Message(mine, opened.leaf_id, "user", created_at_ms=now, created_seq=seq + 1)
        question.parts = [Part("text", [text], len(text))]
        self.store.show_pending(question)
        self._event(
            "message.created",
            {
                "message": {
                    "id": reply,
                    "parent_id": mine,
                    "role": "assistant",
                    "model": opened.model or "guide",
                    "status": "streaming",
                    "created_at": now,
                    "created_seq": seq + 2,
                    "run_id": f"run-{number}",
                    "parts": [{"type": "text", "text": "", "status": "streaming"}],
                }
            },
        )
        self._event("run.started", {"run_id": f"run-{number}", "reply_id": reply, "started_at": _now_ms()})
        for offset in range(0, len(ANSWER), 7):
            await asyncio.sleep(0.03)
            self.store.apply_delta(
                {"c": opened.id, "m": reply, "p": 0, "o": offset, "d": ANSWER[offset : offset + 7]}
            )
        self._event("part.completed", {"message_id": reply, "p": 0, "len": len(ANSWER)})
        self._event("run.finished", {"run_id": f"run-{number}", "reply_id": reply, "status": "completed"})

    def _event(self, kind: str, data: dict[str, object]) -> None:
        opened = self.store.open
        assert opened is not None
        self.store.apply_event(
            {"conversation_id": opened.id, "seq": opened.head + 1, "type": kind, "data": data}  # type: ignore[dict-item]  # plain JSON
        )

    def stop(self) -> None:
        self._record("stop")

    def new_conversation(self) -> None:
        self._record("new_conversation")
        self.store.open_empty(f"new-{next(self._numbers)}", model="guide")

    def open_conversation(self, conversation_id: str) -> None:
        self._record("open_conversation", conversation_id)
        row = self.store.conversations.get(conversation_id)
        self.store.open_empty(conversation_id, title=row.title if row else "", model="gpt-5.2")

    def rename_conversation(self, title: str) -> None:
        self._record("rename_conversation", title)

    def delete_conversation(self) -> None:
        self._record("delete_conversation")

    def want_older(self, before_id: str) -> None:
        self._record("want_older", before_id)

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

    def delete_message(self, message: Message) -> None:
        self._record("delete_message", message.id)

    def rate(self, message: Message, value: int) -> None:
        self._record("rate", message.id, value)

    def note(self, message: Message, text: str) -> None:
        self._record("note", message.id, text)

    def resolve_approval(self, approval_id: str, decision: str, command: str | None = None) -> None:
        self._record("resolve_approval", approval_id, decision, command)

    def choose_model(self, model_id: str, *, as_default: bool) -> None:
        self._record("choose_model", model_id, as_default)

    def choose_project(self, name: str) -> None:
        self._record("choose_project", name)

    def set_key(self, provider: str, key: str) -> None:
        self._record("set_key", provider, key)

    def choose_provider(self, name: str) -> None:
        self._record("choose_provider", name)

    def search(self, words: str) -> None:
        self._record("search", words)
        self.store.apply_hits(
            [
                {
                    "conversation_id": "c2",
                    "message_id": "m9",
                    "title": "Release notes",
                    "snippet": f"found {words}",
                }
            ]
        )

    def prompts(self) -> list[tuple[str, str]]:
        return [("review", "Review this patch.\nBe brief."), ("translate", "Translate into English:")]

    def projects(self) -> list[str]:
        return ["api-redesign", "home"]

    def files(self, start: str) -> list[str]:
        return [name for name in ("conftest.py", "retry.py", "README.md") if name.startswith(start)]

    def history(self) -> list[str]:
        return ["an older prompt", "Why does test_retry fail one time in ten?"]

    def typing(self) -> None: ...

    def focus_changed(self, *, focused: bool) -> None:
        self._record("focus_changed", focused)

    def redraw(self) -> None:
        self._record("redraw")


def _now_ms() -> int:
    import time

    return time.time_ns() // 1_000_000
