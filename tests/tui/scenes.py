"""States to look at: the conversations of the design pictures, and some that should never happen."""

from collections.abc import Callable
from datetime import datetime

from chatty.rendering.sanitizer import sanitize
from chatty.tui.wishes import ProviderOffer
from chatty.tui.store import Store
from chatty.tui.wire import Frame

DAY = 24 * 3600 * 1000

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
    ProviderOffer("other", "Another server", "needs an address", "any OpenAI-compatible one", "Set up"),
    ProviderOffer("team", "Team server", "sign in", "shared chats, keys and budgets", "Set up"),
    ProviderOffer("guide", "The guide", "ready", "offline, answers about chatty", "Built in"),
)


def at(now_ms: int, clock: str) -> int:
    """Milliseconds of a time of day, today."""
    hour, minute = map(int, clock.split(":"))
    today = datetime.fromtimestamp(now_ms / 1000).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return int(today.timestamp() * 1000)


def keyless(name: str, price: int) -> Frame:
    return {"provider": "anthropic", "provider_title": "Anthropic", "name": name,
            "context_window": 200_000, "input_usd_per_million": price,
            "output_usd_per_million": 5 * price, "has_key": False}  # fmt: skip


ALL = ["images", "tools", "thinking"]

MODELS: list[Frame] = [
    {"provider": "openai", "provider_title": "OpenAI", "name": "gpt-5.2", "context_window": 400_000,
     "input_usd_per_million": 1.25, "output_usd_per_million": 10, "capabilities": ALL,
     "is_recent": True},
    {"provider": "ollama", "provider_title": "Ollama on this machine", "name": "llama3.3:70b",
     "context_window": 128_000, "input_usd_per_million": 0, "capabilities": ["tools"], "is_recent": True},
    {"provider": "openai", "provider_title": "OpenAI", "name": "gpt-5.2-mini", "context_window": 400_000,
     "input_usd_per_million": 0.25, "output_usd_per_million": 2, "capabilities": ALL},
    {"provider": "openai", "provider_title": "OpenAI", "name": "gpt-5.2-nano", "context_window": 400_000,
     "input_usd_per_million": 0.05, "output_usd_per_million": 0.4, "capabilities": ["images", "tools"]},
    keyless("claude-opus-4.6", 5),
    keyless("claude-sonnet-4.6", 3),
    keyless("claude-haiku-4.5", 1),
    {"provider": "ollama", "provider_title": "Ollama on this machine", "name": "qwen3:32b",
     "context_window": 40_000, "input_usd_per_million": 0, "capabilities": ["tools", "thinking"]},
]  # fmt: skip


def text(value: str, status: str = "completed") -> Frame:
    return {"type": "text", "text": value, "status": status}


def message(
    number: int, role: str, parts: list[Frame], clock: str, now_ms: int, **more: str | int | None
) -> dict[str, object]:
    return {
        "id": f"m{number}",
        "parent_id": f"m{number - 1}" if number > 1 else None,
        "role": role,
        "created_at": at(now_ms, clock),
        "created_seq": number,
        "parts": parts,
        "model": "gpt-5.2" if role == "assistant" else "",
        **more,
    }


def chats(store: Store, now_ms: int) -> None:
    noon = at(now_ms, "12:00")
    store.apply_conversations(
        [
            {"id": f"c{n}", "title": title, "last_message_at": noon - days * DAY - n * 1000,
             "is_unread": title == "Postgres vacuum"}
            for n, (title, days) in enumerate(TITLES, 1)
        ]
    )  # fmt: skip
    store.mark_draft("c6", has_draft=True)
    store.apply_models(MODELS)


def snapshot(messages: list[dict[str, object]], **more: object) -> Frame:
    frame: dict[str, object] = {
        "conversation": {
            "id": "c1",
            "title": "Fix the flaky test",
            "project_name": "api-redesign",
            "model": "gpt-5.2",
            "provider": "openai",
            "tokens": 4_600,
            "context_share": 0.12,
            "cost_usd": 0.021,
        },
        "tree": [
            {"id": m["id"], "parent_id": m["parent_id"], "created_seq": m["created_seq"]} for m in messages
        ],
        "messages": messages,
        "head": 50,
        "leaf": messages[-1]["id"] if messages else None,
        **more,
    }
    return frame  # type: ignore[return-value]  # plain JSON


def chat_messages(now_ms: int) -> list[dict[str, object]]:
    files: list[Frame] = [
        {"type": "file", "name": "conftest.py", "size": 2150},
        {"type": "file", "name": "retry.py", "size": 3480},
    ]
    sources: list[Frame] = [
        {"type": "citation", "source": {"title": "conftest.py", "locator": "41"}},
        {"type": "citation", "source": {"title": "retry.py", "locator": "10–32"}},
    ]
    thinking: Frame = {"type": "reasoning", "text": "Two readings of one clock.", "seconds": 6}
    tool: Frame = {"type": "tool_call", "name": "read_file", "args_line": "test_backoff.py", "seconds": 0.2}
    return [
        message(1, "user", [text("Why does test_retry fail one time in ten?"), *files], "14:02", now_ms),
        message(2, "assistant", [thinking, text(RETRY), *sources], "14:02", now_ms, output_tokens=214),
        message(3, "user", [text(LATER)], "14:05", now_ms,
                author_id="ada", author_name="ada"),
        message(4, "assistant", [tool, text(
            "Yes. The fixture pins `clock` for the module, so both tests share one instance:\n\n"
            "1. give the fixture function scope,\n2. step the clock by hand.\n", "streaming")],
            "14:05", now_ms, status="streaming", run_id="r1"),
    ]  # fmt: skip


def siblings() -> list[Frame]:
    return [
        {"id": "m2b", "parent_id": "m1", "created_seq": 1},
        {"id": "m2c", "parent_id": "m1", "created_seq": 9},
    ]


def chat(store: Store, now_ms: int) -> None:
    """The picture: scrolled, answering, three versions, two other people."""
    chats(store, now_ms)
    messages = chat_messages(now_ms)
    frame = dict(snapshot(messages, presence=[{"name": "ada"}, {"name": "lin"}]))
    frame["tree"] = [*frame["tree"], *siblings()]  # type: ignore[misc]  # a list, see above
    frame["runs"] = [{"id": "r1", "reply_id": "m4", "status": "running", "started_at": now_ms - 12_000,
                      "output_tokens": 380}]  # fmt: skip
    store.apply_snapshot(frame)


def idle(store: Store, now_ms: int) -> None:
    chats(store, now_ms)
    messages = chat_messages(now_ms)[:3]
    messages.append(message(4, "assistant", [text("Yes, it would.")], "14:06", now_ms))
    store.apply_snapshot(snapshot(messages))


def empty(store: Store, now_ms: int) -> None:
    chats(store, now_ms)
    store.open_empty("c-new", model="guide")


def failing(store: Store, now_ms: int) -> None:
    chats(store, now_ms)
    messages = chat_messages(now_ms)[:3]
    broken = [text("Yes. The fixture pins `clock` for the")]
    messages.append(
        message(
            4,
            "assistant",
            broken,
            "14:05",
            now_ms,
            status="failed",
            output_tokens=380,
            error="the provider is overloaded (529)",
        )
    )
    store.apply_snapshot(snapshot(messages))
    store.apply_link("connecting", server="local", retry_at_ms=now_ms + 3_000)


def asking(store: Store, now_ms: int) -> None:
    chats(store, now_ms)
    messages = chat_messages(now_ms)[:3]
    tool: Frame = {"type": "tool_call", "name": "read_file", "args_line": "test_backoff.py", "seconds": 0.2}
    messages.append(message(4, "assistant", [tool], "14:05", now_ms, status="streaming"))
    approval: Frame = {
        "id": "a1",
        "message_id": "m4",
        "action": "run",
        "subject": "pytest -x test_backoff.py",
        "place": "~/src/retry",
        "created_at": now_ms - 14_000,
    }
    run: Frame = {"id": "r1", "reply_id": "m4", "status": "waiting", "started_at": now_ms - 20_000}
    store.apply_snapshot(snapshot(messages, approvals=[approval], runs=[run]))


def numbered(number: int, now_ms: int) -> dict[str, object]:
    role, words = ("user", f"Question {number}?") if number % 2 else ("assistant", RETRY)
    return message(number, role, [text(words)], "14:02", now_ms)


def long(store: Store, now_ms: int) -> None:
    """Ten thousand messages, the last fifty loaded, as a snapshot brings them."""
    chats(store, now_ms)
    tree: list[dict[str, object]] = [
        {"id": f"m{n}", "parent_id": f"m{n - 1}" if n > 1 else None, "created_seq": n}
        for n in range(1, 10_001)
    ]
    loaded = [numbered(n, now_ms) for n in range(9_951, 10_001)]
    store.apply_snapshot(snapshot(loaded, tree=tree))


def all_loaded(store: Store, now_ms: int) -> None:
    """Ten thousand messages, all of them loaded."""
    chats(store, now_ms)
    loaded = [numbered(n, now_ms) for n in range(1, 10_001)]
    store.apply_snapshot(snapshot(loaded))


def fill_with(store: Store, bodies: list[str], names: list[str], now_ms: int) -> None:
    """Put foreign texts in every place of the state that is drawn: as messages, and as names."""
    messages: list[dict[str, object]] = []
    for number, (body, name) in enumerate(zip(bodies, names, strict=True)):
        parts: list[Frame] = [
            {"type": "reasoning", "text": body, "seconds": 2},
            {"type": "tool_call", "name": name, "args_line": name},
            text(body),
            {"type": "file", "name": name, "size": 10},
            {"type": "citation", "source": {"title": name, "locator": name}},
        ]
        asked = message(
            2 * number + 1, "user", [text(body)], "14:02", now_ms, author_id="x", author_name=name
        )
        reply = message(2 * number + 2, "assistant", parts, "14:02", now_ms, status="failed", error=name)
        messages += [asked, {**reply, "model": name, "output_tokens": 7}]
    name = names[0]
    frame = dict(snapshot(messages))
    frame["conversation"] = {"id": "c1", "title": name, "project_name": name, "model": name, "provider": name}
    frame["approvals"] = [
        {"id": "a", "message_id": "m2", "action": name, "subject": name, "place": name, "created_at": now_ms}
    ]
    store.apply_conversations(
        [
            {"id": f"c{n}", "title": name, "project_name": name, "last_message_at": now_ms - n}
            for n, name in enumerate(names, 1)
        ]
    )
    store.apply_models(
        [{"provider": name, "name": name, "provider_title": name, "capabilities": [name]} for name in names]
    )
    store.apply_snapshot(frame)
    store.apply_presence(here=[name], typing=[name])


HOSTILE = (
    "before \x1b]52;c;aGk=\x07 \x1b[2J\x1b[H \x9b31m \x1b]0;title\x1b\\ [@click=app.quit]x[/] [/INST] "
    "\u202eevil\u202c \r overwritten the end"
)


def hostile(store: Store, now_ms: int) -> None:
    """Escape sequences, markup and overwriting in every text and name."""
    fill_with(store, [HOSTILE], [HOSTILE], at(now_ms, "12:00"))


def hostile_sanitised(store: Store, now_ms: int) -> None:
    """The same texts after the sanitiser."""
    fill_with(store, [sanitize(HOSTILE)], [sanitize(HOSTILE, multiline=False)], at(now_ms, "12:00"))


SCENES: dict[str, Callable[[Store, int], None]] = {
    "chat": chat,
    "idle": idle,
    "empty": empty,
    "failing": failing,
    "asking": asking,
    "long": long,
    "all-loaded": all_loaded,
    "hostile": hostile,
    "hostile-sanitised": hostile_sanitised,
}
