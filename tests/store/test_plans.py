"""No hot statement walks a whole table: SQLite is asked how it would run each."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatty.store import (
    conversations,
    events,
    messages,
    parts,
    projects,
    prompts,
    run_text,
    runs,
    search,
    usage,
)
from chatty.store.database import PerEngine, Scope, Work
from chatty.store.sqlite import connect_reader, open_database

SCOPE = Scope("w", "u")

HOT: dict[str, Callable[[], Work[Any]]] = {
    "sidebar": lambda: conversations.list_page(SCOPE, 50, None, None, False),
    "sidebar of a project": lambda: conversations.list_page(SCOPE, 50, None, "p", False),
    "changes": lambda: conversations.list_page(SCOPE, 50, None, updated_since=1),
    "path": lambda: messages.path(SCOPE, "m"),
    "path after": lambda: messages.path_after(SCOPE, "m", "n"),
    "tree": lambda: messages.tree_page(SCOPE, "c"),
    "versions": lambda: messages.versions(SCOPE, "c", ["a", "b"]),
    "versions at the root": lambda: messages.versions(SCOPE, "c", [None]),
    "newest leaf": lambda: conversations.newest_leaf(SCOPE, "c"),
    "children": lambda: messages.children(SCOPE, "c", "m"),
    "parts": lambda: parts.of_messages(SCOPE, ["a", "b", "c"]),
    "part": lambda: parts.read(SCOPE, "m", 0),
    "tail": lambda: events.tail(SCOPE, "c", 0),
    "heads": lambda: events.heads(SCOPE, ["a", "b"]),
    "active runs": lambda: runs.list_active(SCOPE, "c"),
    "expired runs": lambda: runs.expired(Scope("", kind="system"), 1),
    "run text": lambda: run_text.read_all(SCOPE, "r"),
    "usage": lambda: usage.summary(SCOPE, "model", 1, 2),
    "usage of a conversation": lambda: usage.summary(SCOPE, "total", conversation_id="c"),
    "usage of a path": lambda: usage.summary(SCOPE, "total", conversation_id="c", leaf_id="m"),
    "projects": lambda: projects.list_page(SCOPE),
    "prompts": lambda: prompts.list_page(SCOPE),
    "search": lambda: search.query(SCOPE, search.parse("word")),
}


@pytest.mark.parametrize("name", HOT)
async def test_statement_uses_an_index(name: str, tmp_path: Path) -> None:
    await (await open_database(tmp_path / "chatty.db")).close()
    connection = connect_reader(tmp_path / "chatty.db")
    request = next(HOT[name]())
    statement = request.sqlite if isinstance(request, PerEngine) else request
    assert statement is not None
    text, values = statement
    arguments = {str(number): value for number, value in enumerate(values, 1)}
    plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", arguments)]
    connection.close()
    walks = [
        step for step in plan if step.startswith("SCAN") and "VIRTUAL TABLE" not in step and step != "SCAN p"
    ]
    assert walks == []
