"""Compares what a client was told with what the database holds and with what a fresh client sees.

What must hold after any crash: every accepted message is there with its reply, none twice, in the order
they were sent; every finished reply has the text that was streamed; an interrupted one has a beginning of it
that lacks at most the last half second; no run is left unfinished; the log of each conversation has no gap
and tells of each message and each end once; the database is whole.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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

    @property
    def replies(self) -> dict[str, str]:
        """Reply -> the message it answers."""
        return {params["run"]["reply_id"]: message_id for message_id, params in self.sent.items()}


def read_journal(path: str) -> Witnessed:
    """Read a journal; a last line that was cut off by a kill is left out."""
    witnessed = Witnessed()
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                _take(witnessed, json.loads(line))
    return witnessed


def begun(path: str) -> int:
    """Return how many replies have shown text, by a journal that is still being written."""
    try:
        return len({reply_id for reply_id, _ in read_journal(path).parts})
    except FileNotFoundError:
        return 0


def check(witnessed: Witnessed, database_path: str, views: Mapping[str, ConversationView]) -> list[str]:
    """Return every way in which journal, database and fresh views disagree; none is the pass."""
    database = sqlite3.connect(f"file:{database_path}?mode=ro", uri=True)
    try:
        return [
            *_check_whole(database),
            *_check_messages(witnessed, database, views),
            *_check_replies(witnessed, database, views),
            *_check_logs(witnessed, database),
        ]
    finally:
        database.close()


def lost_seconds(witnessed: Witnessed, database_path: str) -> dict[str, float]:
    """Return for every reply that a crash cut off in its text how much of what was shown is lost, in time."""
    database = sqlite3.connect(f"file:{database_path}?mode=ro", uri=True)
    try:
        lost: dict[str, float] = {}
        for reply_id in witnessed.replies:
            if _status(database, reply_id) == "interrupted":
                parts = list(_compared_parts(witnessed, database, reply_id))
                if parts:
                    lost[reply_id] = max(shown.lost_seconds(len(text)) for shown, text in parts)
        return lost
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
            "SELECT id FROM messages WHERE conversation_id = ? ORDER BY created_seq", (conversation_id,)
        )
    ]
    known = {*witnessed.sent, *witnessed.replies}
    problems = [f"message {found} was never sent" for found in stored if found not in known]
    if len(stored) != len(set(stored)):
        problems.append(f"conversation {conversation_id} holds a message twice")
    sent = [found for found in witnessed.sent if found in stored]
    if sent != [found for found in stored if found in witnessed.sent]:
        problems.append(f"conversation {conversation_id} holds its messages in another order than was sent")
    return problems


def _check_replies(
    witnessed: Witnessed, database: sqlite3.Connection, views: Mapping[str, ConversationView]
) -> Sequence[str]:
    problems: list[str] = []
    for reply_id, message_id in witnessed.replies.items():
        status = _status(database, reply_id)
        if status is None:
            if message_id in witnessed.accepted:
                problems.append(f"the reply {reply_id} to an accepted message is not in the database")
            continue
        (parent_id,) = database.execute("SELECT parent_id FROM messages WHERE id = ?", (reply_id,)).fetchone()
        if parent_id != message_id:
            problems.append(f"reply {reply_id} answers another message")
        view = views[witnessed.sent[message_id]["conversation"]["id"]].messages.get(reply_id)
        if view is None:
            problems.append(f"reply {reply_id} is not in a fresh view")
        elif [part.text for part in view.parts] != _stored_texts(database, reply_id):
            problems.append(f"reply {reply_id} reads differently in a fresh view")
        elif view.status != status:
            problems.append(f"reply {reply_id} is {status} on disk and {view.status} in a fresh view")
        for shown, text in _compared_parts(witnessed, database, reply_id):
            problems += _check_part(shown, text, status, reply_id, is_finished=reply_id in witnessed.finished)
    return problems


def _compared_parts(
    witnessed: Witnessed, database: sqlite3.Connection, reply_id: str
) -> Iterator[tuple[ShownPart, str]]:
    """Yield every part of a reply that was shown, with its text on disk: none at all is a text, too."""
    texts = dict(enumerate(_stored_texts(database, reply_id) or ()))
    for (owner, index), shown in witnessed.parts.items():
        if owner == reply_id:
            yield shown, texts.get(index, "")


def _check_part(
    shown: ShownPart, text: str, status: str, reply_id: str, *, is_finished: bool
) -> Sequence[str]:
    problems = []
    if is_finished and shown.text != text:
        problems.append(f"reply {reply_id}: the witness ended with other text than the database")
    if not shown.longest.startswith(text) and not text.startswith(shown.longest):
        problems.append(f"reply {reply_id}: the text is no beginning of what was streamed")
    if status == "completed" and len(text) < len(shown.longest):
        problems.append(f"reply {reply_id}: completed, but shorter than what was streamed")
    if (lost := shown.lost_seconds(len(text))) > MAX_LOST_SECONDS + SLACK_SECONDS:
        problems.append(f"reply {reply_id}: {lost:.3f} s of shown text are lost")
    return problems


def _check_logs(witnessed: Witnessed, database: sqlite3.Connection) -> Sequence[str]:
    problems = []
    for conversation_id in witnessed.conversation_ids:
        row = database.execute(
            "SELECT floor_seq, head_seq FROM conversations WHERE id = ?", (conversation_id,)
        ).fetchone()
        if row is None:
            continue  # said of its messages
        log = database.execute(
            "SELECT seq, type, body FROM events WHERE conversation_id = ? ORDER BY seq", (conversation_id,)
        ).fetchall()
        if [seq for seq, _, _ in log] != list(range(row[0] + 1, row[1] + 1)):
            problems.append(f"the log of conversation {conversation_id} has a gap")
        told = Counter(told for _, kind, body in log if (told := _told_once(kind, body)) is not None)
        problems += [
            f"the log tells of {kind} {found} {count} times"
            for (kind, found), count in told.items()
            if count > 1
        ]
        if row[0] == 0:
            stored = database.execute("SELECT id FROM messages WHERE conversation_id = ?", (conversation_id,))
            untold = [found for (found,) in stored if ("message.created", found) not in told]
            problems += [f"the log tells nothing of message {found}" for found in untold]
    return problems


def _told_once(kind: str, body: str) -> tuple[str, str] | None:
    """Return what an event tells of, if that can happen only once."""
    data = json.loads(body)["params"]["data"]
    match kind:
        case "message.created":
            return kind, data["message"]["id"]
        case "run.queued":
            return kind, data["run"]["id"]
        case "run.finished":
            return kind, data["run_id"]
        case _:
            return None


def _status(database: sqlite3.Connection, message_id: str) -> str | None:
    row = database.execute("SELECT status FROM messages WHERE id = ?", (message_id,)).fetchone()
    return None if row is None else str(row[0])


def _stored_texts(database: sqlite3.Connection, message_id: str) -> list[str] | None:
    """Return the texts of a message's parts, ``None`` when there is no such message."""
    if _status(database, message_id) is None:
        return None
    rows = database.execute(
        "SELECT text FROM message_parts WHERE message_id = ? ORDER BY idx", (message_id,)
    ).fetchall()
    return [row[0] for row in rows]
