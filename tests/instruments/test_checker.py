"""The checker sees what it is there to see: each row lost, doubled, changed or out of order."""

import asyncio
import copy
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatty.client.view import ConversationView
from tests.client.homes import Home
from tests.instruments.checker import MAX_LOST_SECONDS, ShownPart, Witnessed, check, read_journal
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.fresh import fresh_views
from tests.instruments.journal_client import witness
from tests.instruments.network_guard import loopback_only

Views = Mapping[str, ConversationView]


@dataclass(frozen=True, slots=True)
class Past:
    """What happened: journal, database, fresh views."""

    witnessed: Witnessed
    database: Path
    views: Views


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Two conversations of three messages each, without any fault."""
    with loopback_only():
        return asyncio.run(converse(tmp_path_factory.mktemp("past")))


async def converse(folder: Path) -> Past:
    journal = str(folder / "journal")
    async with FakeUpstream() as upstream:
        home = Home(str(folder / "h"), {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": upstream.url})
        try:
            await witness(home.client(), journal, conversations=2, messages=3, model="openai/tok30-delay2")
            witnessed = read_journal(journal)
            async with home.client() as client:
                views = await fresh_views(client, witnessed.conversation_ids)
            with (
                closing(sqlite3.connect(home.locations.database_path)) as there,
                closing(sqlite3.connect(folder / "copy.db")) as kept,
            ):
                there.backup(kept)
        finally:
            home.clean_up()
    return Past(witnessed, folder / "copy.db", views)


def changed(past: Past, folder: Path, *statements: str) -> list[str]:
    """Return what the checker says of a copy of the database in which the statements were carried out."""
    copied = folder / "changed.db"
    with closing(sqlite3.connect(past.database)) as there, closing(sqlite3.connect(copied)) as database:
        there.backup(database)
        names = {
            **dict(zip(("message", "second"), past.witnessed.sent, strict=False)),
            **dict(zip(("reply", "second_reply"), past.witnessed.replies, strict=False)),
        }
        for statement in statements:
            cursor = database.execute(statement, {n: v for n, v in names.items() if f":{n}" in statement})
            assert cursor.rowcount > 0, statement
        database.commit()
    return check(past.witnessed, str(copied), past.views)


_COPY_OF_MESSAGE = (
    "INSERT INTO messages (workspace_id, id, conversation_id, parent_id, created_seq, role, status,"
    " created_at, updated_at, version)"
    " SELECT workspace_id, 'copy', conversation_id, parent_id, created_seq + 1000, role, status,"
    " created_at, updated_at, version FROM messages WHERE id = :{}"
)

CHANGES: dict[str, tuple[str, ...]] = {
    "a message is lost": ("DELETE FROM messages WHERE id = :message",),
    "a message has lost its text": ("DELETE FROM message_parts WHERE message_id = :message",),
    "a message has another text": ("UPDATE message_parts SET text = 'x' WHERE message_id = :message",),
    "a message is there twice": (_COPY_OF_MESSAGE.format("message"),),
    "two messages have changed places": (
        "UPDATE messages SET created_seq = created_seq + 1000 WHERE id = :message",
    ),
    "a reply is lost": ("DELETE FROM messages WHERE id = :reply",),
    "a reply has lost its text": ("DELETE FROM message_parts WHERE message_id = :reply",),
    "a reply is shorter": (
        "UPDATE message_parts SET text = substr(text, 1, length(text) - 1) WHERE message_id = :reply",
    ),
    "a reply is longer": ("UPDATE message_parts SET text = text || 't0031 ' WHERE message_id = :reply",),
    "a reply has a piece twice": (
        "UPDATE message_parts SET text = substr(text, 1, 12) || substr(text, 7) WHERE message_id = :reply",
    ),
    "a reply is there twice": (_COPY_OF_MESSAGE.format("reply"),),
    "a reply answers another message": ("UPDATE messages SET parent_id = :second WHERE id = :reply",),
    "a reply says it was cut off": ("UPDATE messages SET status = 'interrupted' WHERE id = :reply",),
    "a run is left": ("UPDATE runs SET status = 'running' WHERE message_id = :reply",),
    "an event is lost": ("DELETE FROM events WHERE seq = 5",),
    "the last event is lost": ("DELETE FROM events WHERE seq = (SELECT MAX(head_seq) FROM conversations)",),
    "an event is there twice": (
        "UPDATE conversations SET head_seq = head_seq + 1",
        "INSERT INTO events (workspace_id, conversation_id, seq, type, actor, at, body)"
        " SELECT e.workspace_id, e.conversation_id, c.head_seq, e.type, e.actor, e.at, e.body"
        " FROM events e JOIN conversations c ON c.id = e.conversation_id WHERE e.type = 'message.created'"
        " GROUP BY e.conversation_id",
    ),
}


def test_nothing_is_wrong_with_what_went_well(past: Past) -> None:
    assert check(past.witnessed, str(past.database), past.views) == []
    assert len(past.witnessed.sent) == len(past.witnessed.accepted) == len(past.witnessed.finished) == 6


@pytest.mark.parametrize("statements", CHANGES.values(), ids=CHANGES)
def test_change_in_the_database_is_seen(past: Past, tmp_path: Path, statements: tuple[str, ...]) -> None:
    assert changed(past, tmp_path, *statements) != []


@pytest.mark.parametrize("whose", ["message", "reply"])
def test_what_a_fresh_client_does_not_see_is_seen(past: Past, whose: str) -> None:
    wanted = next(iter(past.witnessed.sent if whose == "message" else past.witnessed.replies))
    views = copy.deepcopy(dict(past.views))
    for view in views.values():
        view.messages.pop(wanted, None)
    assert check(past.witnessed, str(past.database), views) != []


def test_what_a_fresh_client_reads_differently_is_seen(past: Past) -> None:
    views = copy.deepcopy(dict(past.views))
    reply_id = next(iter(past.witnessed.replies))
    for view in views.values():
        if reply_id in view.messages:
            view.messages[reply_id].parts[0].write(0, "x")
    assert check(past.witnessed, str(past.database), views) != []


def test_only_the_last_half_second_of_a_cut_reply_may_be_lost(past: Past, tmp_path: Path) -> None:
    reply_id = next(iter(past.witnessed.replies))

    def cut(seconds: float) -> list[str]:
        return check(_cut_off(past.witnessed, reply_id, seconds), str(tmp_path / "cut.db"), views)

    with (
        closing(sqlite3.connect(past.database)) as there,
        closing(sqlite3.connect(tmp_path / "cut.db")) as kept,
    ):
        there.backup(kept)
        kept.execute("UPDATE messages SET status = 'interrupted' WHERE id = ?", (reply_id,))
        kept.execute("DELETE FROM message_parts WHERE message_id = ?", (reply_id,))
        kept.commit()
    views = copy.deepcopy(dict(past.views))
    for view in views.values():
        if reply_id in view.messages:
            view.messages[reply_id].status, view.messages[reply_id].parts = "interrupted", []
    assert cut(MAX_LOST_SECONDS) == []
    assert len(cut(MAX_LOST_SECONDS + 0.2)) == 1


def _cut_off(witnessed: Witnessed, reply_id: str, seconds: float) -> Witnessed:
    """The same journal, but of a reply that was shown for so long and whose end was not seen."""
    part = ShownPart()
    part.take(0, "t0001 ", 0, 100.0)
    part.take(6, "t0002 ", 0, 100.0 + seconds)
    cut = copy.deepcopy(witnessed)
    cut.parts[reply_id, 0] = part
    del cut.finished[reply_id]
    return cut
