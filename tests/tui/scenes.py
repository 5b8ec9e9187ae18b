"""States to look at: the conversations of the design pictures, and some that should never happen."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from chatty.client.updates import Event, Snapshot
from chatty.rendering.sanitizer import sanitize
from chatty.tui.state import Link, OpenConversation
from chatty.tui.store import Store
from chatty.tui.wishes import ProviderOffer

DAY = 24 * 3600 * 1000

Frame = dict[str, Any]

TITLES = (
    ("Fix the flaky test", 0),
    ("Release notes draft", 0),
    ("Postgres vacuum", 0),
    ("SQL window functions", 1),
    ("Trip to Kyoto", 1),
    ("Naming the CLI verbs", 1),
    ("Kubernetes probes, again", 4),
    ("Letter to the landlord", 5),
    ("Rust lifetimes", 5),
    ("Budget spreadsheet formula", 6),
)

LATER = "Would that also explain test_backoff on the slow runner?"

RETRY = """The retry loop reads the clock twice: once for the deadline, once for the sleep. When the second \
read falls in the next tick, the loop sleeps past its own deadline and the test sees four attempts, not five.

```python
deadline = clock() + timeout      # read once
while (now := clock()) < deadline:
    if attempt():
        return True
    sleep(min(delay, deadline - now))
```

Use one reading per turn, and cap the sleep by what is left. `conftest.py` already has a fake clock, so the \
test can step it by hand.
"""

OFFERS = (
    ProviderOffer("ollama", "Ollama", "ready", "3 models on this machine, free", "Found"),
    ProviderOffer("openai", "OpenAI", "ready", "OPENAI_API_KEY is set", "Found"),
    ProviderOffer("anthropic", "Anthropic", "needs a key", "", "Set up"),
    ProviderOffer("groq", "Groq", "needs a key", "", "Set up"),
    ProviderOffer("own-server", "Another server", "needs an address", "any OpenAI-compatible one", "Set up"),
    ProviderOffer("guide", "The guide", "ready", "offline, answers about chatty", "Built in"),
)


def stamp(moment_ms: int) -> str:
    """A time as the wire writes it."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="milliseconds")


def at(now_ms: int, clock: str) -> int:
    """Milliseconds of a time of day, today."""
    hour, minute = map(int, clock.split(":"))
    today = datetime.fromtimestamp(now_ms / 1000).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return int(today.timestamp() * 1000)


def model(provider: str, name: str, window: int, price: float, answer: float, **more: bool) -> Frame:
    return {"id": f"{provider}/{name}", "provider": provider, "name": name, "context_tokens": window,
            "input_usd_per_million": price, "output_usd_per_million": answer,
            "is_ready": True, **more}  # fmt: skip


MODELS: list[Frame] = [
    model("openai", "gpt-5.2", 40_000, 1.25, 10),
    model("ollama", "llama3.3:70b", 128_000, 0, 0),
    model("openai", "gpt-5.2-mini", 400_000, 0.25, 2),
    model("openai", "gpt-5.2-nano", 400_000, 0.05, 0.4),
    model("anthropic", "claude-opus-4.6", 200_000, 5, 25, is_ready=False),
    model("anthropic", "claude-sonnet-4.6", 200_000, 3, 15, is_ready=False),
    model("anthropic", "claude-haiku-4.5", 200_000, 1, 5, is_ready=False),
    model("ollama", "qwen3:32b", 40_000, 0, 0),
]
SPENT: Frame = {"runs": 1, "usage": {"cost_usd": 0.021}, "unpriced_runs": 0}
RECENT = ["openai/gpt-5.2", "ollama/llama3.3:70b"]


def text(value: str, status: str = "completed", **more: str) -> Frame:
    return {"type": "text", "text": value, "status": status, **more}


def message(number: int, role: str, parts: Sequence[Frame], moment_ms: int, **more: Any) -> Frame:
    made = {"id": f"m{number}", "conversation_id": "c1", "role": role, "status": "completed",
            "created_at": stamp(moment_ms), "created_seq": number, "parts": list(parts)}  # fmt: skip
    if number > 1:
        made["parent_id"] = f"m{number - 1}"
    if role == "assistant":
        made |= {"provider": "openai", "model": "gpt-5.2"}
    return {**made, **more}


def used(output_tokens: int, cost_usd: float, input_tokens: int = 4_386) -> Frame:
    return {"input_tokens": input_tokens, "output_tokens": output_tokens, "cost_usd": cost_usd}


def version(message_id: str, parent_id: str, seq: int) -> Frame:
    return {"id": message_id, "parent_id": parent_id, "role": "assistant", "status": "completed",
            "created_seq": seq}  # fmt: skip


def snapshot(messages: Sequence[Frame], **more: Any) -> Snapshot:
    """The answer to a subscription."""
    conversation = {"id": "c1", "title": "Fix the flaky test", "project_id": "p1", "model": "openai/gpt-5.2",
                    "head": 50, "message_count": len(messages)}  # fmt: skip
    result = {
        "mode": "snapshot",
        "history_id": "h",
        "conversation": conversation,
        "siblings": [],
        "messages": list(messages),
        "has_older": False,
        "head": 50,
        "leaf": messages[-1]["id"] if messages else None,
        "runs": [],
        "open_parts": [],
    }
    return Snapshot({**result, **more})


def event(seq: int, kind: str, data: Frame, actor: str | None = None, at_ms: int = 0) -> Event:
    """A durable change of the conversation."""
    return Event("c1", seq, kind, stamp(at_ms), actor, data)


def row(number: int, title: str, moment_ms: int, **more: Any) -> Frame:
    return {"id": f"c{number}", "title": title, "last_message_at": stamp(moment_ms), **more}


def open_snapshot(store: Store, shown: Snapshot) -> None:
    """Open a conversation and let its snapshot come."""
    store.open_conversation(OpenConversation("c1", is_loading=True))
    store.apply("c1", shown)


def chats(store: Store, now_ms: int) -> None:
    noon = at(now_ms, "12:00")
    store.apply_projects({"p1": "api-redesign"})
    store.apply_link(Link(kind="well"))
    store.apply_conversations(
        row(n, title, noon - days * DAY - n * 1000, is_answering=title == "Postgres vacuum")
        for n, (title, days) in enumerate(TITLES, 1)
    )
    store.mark_draft("c6", has_draft=True)
    store.apply_models(MODELS, RECENT)


def chat_messages(now_ms: int) -> list[Frame]:
    files = [text("x" * 2150, name="conftest.py"), text("y" * 3480, name="retry.py")]
    thinking = {"type": "reasoning", "text": "Two readings of one clock."}
    question = [text("Why does test_retry fail one time in ten?"), *files]
    early, late = at(now_ms, "14:02"), at(now_ms, "14:05")
    reply = [
        {"type": "reasoning", "text": "The fixture."},
        text(
            "Yes. The fixture pins `clock` for the module, so both tests share one instance:\n\n"
            "1. give the fixture function scope,\n2. step the clock by hand.\n",
            "streaming",
        ),
    ]
    return [
        message(1, "user", question, early),
        message(2, "assistant", [thinking, text(RETRY)], early, usage=used(214, 0.021)),
        message(3, "user", [text(LATER)], late, author={"id": "ada", "name": "ada"}),
        message(4, "assistant", reply, late, status="streaming", run_id="r1"),
    ]


def chat(store: Store, now_ms: int) -> None:
    """The picture: scrolled, answering, three versions, another person."""
    store.introduce("me")
    chats(store, now_ms)
    messages = chat_messages(now_ms)
    siblings = [version("m2b", "m1", 1), version("m2c", "m1", 9)]
    run = {"id": "r1", "message_id": "m4", "status": "running", "started_at": stamp(now_ms - 12_000)}
    open_snapshot(store, snapshot(messages, siblings=siblings, runs=[run]))
    store.apply_spent("c1", SPENT)


def idle(store: Store, now_ms: int) -> None:
    chats(store, now_ms)
    messages = chat_messages(now_ms)[:3]
    messages.append(message(4, "assistant", [text("Yes, it would.")], at(now_ms, "14:06")))
    open_snapshot(store, snapshot(messages))
    store.apply_spent("c1", SPENT)
    store.recall(["an older prompt", "Why does test_retry fail one time in ten?"])


def empty(store: Store, now_ms: int) -> None:
    chats(store, now_ms)
    store.open_conversation(OpenConversation("c-new", model="guide", model_provider="guide", is_new=True))


def unknown(store: Store, now_ms: int) -> None:
    """The program has just begun, and looks for the conversation used last."""
    chats(store, now_ms)
    store.open_conversation(OpenConversation("", is_loading=True))


def first_run(store: Store, now_ms: int) -> None:
    store.open_conversation(OpenConversation("c-new", is_new=True))
    store.offer(OFFERS)


def failing(store: Store, now_ms: int) -> None:
    chats(store, now_ms)
    messages = chat_messages(now_ms)[:3]
    broken = [text("Yes. The fixture pins `clock` for the")]
    error = {"type": "provider/overloaded", "message": "the provider is overloaded (529)"}
    late = at(now_ms, "14:05")
    messages.append(message(4, "assistant", broken, late, status="failed", usage=used(380, 0.0), error=error))
    open_snapshot(store, snapshot(messages))
    store.apply_spent("c1", SPENT)
    store.apply_link(Link(kind="connecting", retry_at_ms=now_ms + 3_000))


def numbered(number: int, now_ms: int) -> Frame:
    role, words = ("user", f"Question {number}?") if number % 2 else ("assistant", RETRY)
    return message(number, role, [text(words)], at(now_ms, "14:02"))


def large(count: int, loaded: int, now_ms: int) -> Snapshot:
    """So many messages in a row, the last of them loaded."""
    messages = [numbered(n, now_ms) for n in range(count - loaded + 1, count + 1)]
    return snapshot(messages, has_older=loaded < count)


def long(store: Store, now_ms: int) -> None:
    """Ten thousand messages, the last fifty loaded, as a snapshot brings them."""
    chats(store, now_ms)
    open_snapshot(store, large(10_000, 50, now_ms))


def all_loaded(store: Store, now_ms: int) -> None:
    """Ten thousand messages, all of them loaded."""
    chats(store, now_ms)
    open_snapshot(store, large(10_000, 10_000, now_ms))


def fill_with(store: Store, bodies: list[str], names: list[str], now_ms: int) -> None:
    """Put foreign texts in every place of the state that is drawn: as messages, and as names."""
    store.introduce("me")
    early = at(now_ms, "14:02")
    messages: list[Frame] = []
    for number, (body, name) in enumerate(zip(bodies, names, strict=True)):
        parts: list[Frame] = [
            {"type": "reasoning", "text": body},
            {"type": name, "text": body},
            {"type": "error", "text": name},
            text(body),
            text("0123456789", name=name or "none"),
        ]
        author = {"id": "x", "name": name}
        asked = message(2 * number + 1, "user", [text(body)], early, author=author)
        error = {"type": name, "message": name}
        reply = message(2 * number + 2, "assistant", parts, early, status="failed", error=error)
        messages += [asked, {**reply, "model": name, "usage": used(7, 0.01)}]
    name = names[0]
    store.apply_projects({"p1": name and sanitize(name, multiline=False)})
    conversation = {"id": "c1", "title": name, "project_id": "p1", "model": f"{name}/{name}"}
    store.apply_conversations(row(n, title, now_ms - n, project_id="p1") for n, title in enumerate(names, 1))
    store.apply_models(model(name, name, 1000, 1, 2) for name in names)
    open_snapshot(store, snapshot(messages, conversation=conversation))
    store.say(name, stays=True)


HOSTILE = (
    "before \x1b]52;c;aGk=\x07 \x1b[2J\x1b[H \x9b31m \x1b]0;title\x1b\\ [@click=app.quit]x[/] [/INST] "
    "\u202eevil\u202c \r overwritten the end"
)


def hostile(store: Store, now_ms: int) -> None:
    """Texts that try to leave their place, in every place."""
    fill_with(store, [HOSTILE], [HOSTILE], at(now_ms, "12:00"))


def hostile_sanitised(store: Store, now_ms: int) -> None:
    """The same texts after the sanitiser."""
    fill_with(store, [sanitize(HOSTILE)], [sanitize(HOSTILE, multiline=False)], at(now_ms, "12:00"))


SCENES: dict[str, Callable[[Store, int], None]] = {
    "chat": chat,
    "idle": idle,
    "empty": empty,
    "unknown": unknown,
    "first-run": first_run,
    "failing": failing,
    "long": long,
    "all-loaded": all_loaded,
    "hostile": hostile,
    "hostile-sanitised": hostile_sanitised,
}
