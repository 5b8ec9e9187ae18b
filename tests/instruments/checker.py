"""Compares what a client was told with what the database holds and with what a fresh client sees.

What must hold after any crash: every accepted message is there, none twice; every finished reply has
the text that was streamed; an interrupted one has a beginning of it that lacks at most the last half
second; no run is left unfinished; the database is whole.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatty.client.view import ConversationView

MAX_LOST_SECONDS = 0.5
"""How much shown text a crash may cost, in time."""

SLACK_SECONDS = 0.1
"""For the way from the server to the journal on a busy machine."""

ACTIVE = ("queued", "running", "waiting", "cancelling")


@dataclass(slots=True)
class ShownPart:
    """A part as the witness saw it grow."""

    text: str = ""
    g: int = 0
    longest: str = ""
    """What was shown before anything was taken back."""
    grown_at: list[tuple[int, float]] = field(default_factory=list)
    """``(length, when)`` after each piece."""

    def take(self, offset: int, text: str, g: int, at: float) -> None:
        if g != self.g or offset < len(self.text):
            self._keep_longest(g)
        self.text = self.text[:offset] + text
        self.g = g
        if len(self.text) > len(self.longest):
            self.grown_at.append((len(self.text), at))
        self._keep_longest(g)

    def cut(self, length: int) -> None:
        self.text = self.text[:length]

    def lost_seconds(self, kept: int) -> float:
        """Return over how much time the text beyond ``kept`` was shown, before the last of it came."""
        lost = [at for length, at in self.grown_at if length > kept]
        return self.grown_at[-1][1] - lost[0] if lost else 0.0

    def _keep_longest(self, g: int) -> None:
        if g != self.g:
            self.longest, self.grown_at = "", []
        elif len(self.text) > len(self.longest):
            self.longest = self.text


@dataclass(slots=True)
class Witnessed:
    """A journal, read."""

    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    finished: dict[str, str] = field(default_factory=dict)
    """Reply -> status of its run."""
    parts: dict[tuple[str, int], ShownPart] = field(default_factory=dict)

    @property
    def conversation_ids(self) -> set[str]:
        return {params["conversation"]["id"] for params in self.sent.values()}


def read_journal(path: str) -> Witnessed:
    """Read a journal; a last line that was cut off by a kill is left out."""
    witnessed = Witnessed()
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                _take(witnessed, json.loads(line))
    return witnessed


def check(witnessed: Witnessed, database_path: str, views: Mapping[str, ConversationView]) -> list[str]:
    """Return every way in which journal, database and fresh views disagree; none is the pass."""
    database = sqlite3.connect(f"file:{database_path}?mode=ro", uri=True)
    try:
        return [
            *_check_whole(database),
            *_check_messages(witnessed, database, views),
            *_check_replies(witnessed, database, views),
        ]
    finally:
        database.close()


def _take(witnessed: Witnessed, line: dict[str, Any]) -> None:
    match line["kind"]:
        case "sent":
            witnessed.sent[line["params"]["id"]] = line["params"]
        case "accepted":
            witnessed.accepted.add(line["id"])
        case "finished":
            witnessed.finished[line["message_id"]] = line["status"]
        case "delta":
            part = witnessed.parts.setdefault((line["message_id"], line["part"]), ShownPart())
            part.take(line["offset"], line["text"], line["g"], line["at"])
        case "completed" if (line["message_id"], line["part"]) in witnessed.parts:
            witnessed.parts[line["message_id"], line["part"]].cut(line["len"])


def _check_whole(database: sqlite3.Connection) -> Sequence[str]:
    problems = [
        f"integrity: {row[0]}" for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"
    ]
    marks = ", ".join("?" * len(ACTIVE))
    for run_id, status in database.execute(f"SELECT id, status FROM runs WHERE status IN ({marks})", ACTIVE):
        problems.append(f"run {run_id} is left {status}")
    return problems


def _check_messages(
    witnessed: Witnessed, database: sqlite3.Connection, views: Mapping[str, ConversationView]
) -> Sequence[str]:
    problems = []
    for message_id, params in witnessed.sent.items():
        texts = _stored_texts(database, message_id)
        view = views[params["conversation"]["id"]]
        if message_id in witnessed.accepted and texts is None:
            problems.append(f"accepted message {message_id} is not in the database")
        if message_id in witnessed.accepted and message_id not in view.messages:
            problems.append(f"accepted message {message_id} is not in a fresh view")
        if texts is not None and texts != [part["text"] for part in params["parts"]]:
            problems.append(f"message {message_id} has another text than was sent")
    for conversation_id in witnessed.conversation_ids:
        problems += _check_doubles(witnessed, database, conversation_id)
    return problems


def _check_doubles(witnessed: Witnessed, database: sqlite3.Connection, conversation_id: str) -> Sequence[str]:
    stored = [
        row[0]
        for row in database.execute(
            "SELECT id FROM messages WHERE conversation_id = ? AND role = 'user'", (conversation_id,)
        )
    ]
    problems = [f"message {found} was never sent" for found in stored if found not in witnessed.sent]
    if len(stored) != len(set(stored)):
        problems.append(f"conversation {conversation_id} holds a message twice")
    return problems


def _check_replies(
    witnessed: Witnessed, database: sqlite3.Connection, views: Mapping[str, ConversationView]
) -> Sequence[str]:
    problems: list[str] = []
    for params in witnessed.sent.values():
        reply_id = params["run"]["reply_id"]
        row = database.execute("SELECT status FROM messages WHERE id = ?", (reply_id,)).fetchone()
        if row is None:
            continue
        view = views[params["conversation"]["id"]].messages.get(reply_id)
        texts = _stored_texts(database, reply_id) or []
        if view is not None and [part.text for part in view.parts] != texts:
            problems.append(f"reply {reply_id} reads differently in a fresh view")
        if view is not None and view.status != row[0]:
            problems.append(f"reply {reply_id} is {row[0]} on disk and {view.status} in a fresh view")
        for index, text in enumerate(texts):
            problems += _check_part(witnessed, reply_id, index, text, row[0])
    return problems


def _check_part(witnessed: Witnessed, reply_id: str, index: int, text: str, status: str) -> Sequence[str]:
    shown = witnessed.parts.get((reply_id, index))
    if shown is None:
        return []
    problems = []
    if reply_id in witnessed.finished and shown.text != text:
        problems.append(f"reply {reply_id}: the witness ended with other text than the database")
    if not shown.longest.startswith(text) and not text.startswith(shown.longest):
        problems.append(f"reply {reply_id}: the text is no beginning of what was streamed")
    if status == "completed" and len(text) < len(shown.longest):
        problems.append(f"reply {reply_id}: completed, but shorter than what was streamed")
    if (lost := shown.lost_seconds(len(text))) > MAX_LOST_SECONDS + SLACK_SECONDS:
        problems.append(f"reply {reply_id}: {lost:.3f} s of shown text are lost")
    return problems


def _stored_texts(database: sqlite3.Connection, message_id: str) -> list[str] | None:
    """Return the texts of a message's parts, ``None`` when there is no such message."""
    if database.execute("SELECT 1 FROM messages WHERE id = ?", (message_id,)).fetchone() is None:
        return None
    rows = database.execute(
        "SELECT text FROM message_parts WHERE message_id = ? ORDER BY idx", (message_id,)
    ).fetchall()
    return [row[0] for row in rows]
