import asyncio
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatty.protocol.ids import new_id
from chatty.store import bootstrap, conversations, inspection, messages, sqlite_files, sqlite_threads
from chatty.store.database import SYSTEM, Database, Scope, Work
from chatty.store.errors import ConstraintViolation, NotFound, StorageError
from chatty.store.rows import NewMessage, NewPart
from chatty.store.sqlite import SqliteDatabase, connect_reader, connect_writer, open_database
from tests.store.making import NOW, new_conversation, say


def add_name(scope: Scope, name: str, fails: bool = False) -> Work[None]:
    yield "INSERT INTO users VALUES ($1, NULL, $1, 'active', NULL, 0, 0, 1)", (name,)
    if fails:
        raise LookupError(name)


def names(scope: Scope) -> Work[list[str]]:
    rows = yield "SELECT name FROM users ORDER BY name", ()
    return [row["name"] for row in rows]


async def test_failing_unit_of_a_group_is_undone_alone(database: Database) -> None:
    outcomes = await asyncio.gather(
        *(database.write(SYSTEM, add_name, f"{number:02}", number % 4 == 0) for number in range(40)),
        return_exceptions=True,
    )
    assert [isinstance(outcome, LookupError) for outcome in outcomes] == [n % 4 == 0 for n in range(40)]
    assert await database.read(SYSTEM, names) == [f"{n:02}" for n in range(40) if n % 4]


async def test_broken_rule_reaches_the_caller_by_its_name(database: Database) -> None:
    await database.write(SYSTEM, add_name, "a")
    with pytest.raises(ConstraintViolation):
        await database.write(SYSTEM, add_name, "a")

    def stubborn(scope: Scope) -> Work[None]:
        try:
            yield from add_name(scope, "a")
        except ConstraintViolation:
            yield from add_name(scope, "b")

    with pytest.raises(ConstraintViolation):
        await database.write(SYSTEM, stubborn)
    assert await database.read(SYSTEM, names) == ["a"]


async def test_reading_unit_sees_one_snapshot(sqlite_database: SqliteDatabase) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def look_twice(scope: Scope) -> Work[tuple[list[str], list[str]]]:
        before = yield from names(scope)
        entered.set()
        assert go_on.wait(10)
        after = yield from names(scope)
        return before, after

    reading = asyncio.ensure_future(sqlite_database.read(SYSTEM, look_twice))
    await asyncio.to_thread(entered.wait, 10)
    await sqlite_database.write(SYSTEM, add_name, "late")
    go_on.set()
    assert await reading == ([], [])
    assert await sqlite_database.read(SYSTEM, names) == ["late"]


async def test_reading_unit_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError) as caught:
        await database.read(SYSTEM, add_name, "a")
    assert caught.value.code == "storage/read_only"
    assert await database.read(SYSTEM, names) == []


async def test_cancelled_caller_leaves_whole_units_and_a_working_database(database: Database) -> None:
    tasks = [asyncio.ensure_future(database.write(SYSTEM, add_name, f"{n:02}")) for n in range(30)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await database.write(SYSTEM, add_name, "zz")
    found = await database.read(SYSTEM, names)
    assert {f"{n:02}" for n in range(1, 30, 2)} <= set(found)
    assert found[-1] == "zz"


async def test_mistake_in_a_statement_is_not_taken_for_a_bad_disk(sqlite_database: SqliteDatabase) -> None:
    def wrong(scope: Scope) -> Work[None]:
        yield "SELECT nothing FROM nowhere", ()

    with pytest.raises(sqlite3.OperationalError):
        await sqlite_database.read(SYSTEM, wrong)
    with pytest.raises(sqlite3.OperationalError):
        await sqlite_database.write(SYSTEM, wrong)
    await sqlite_database.write(SYSTEM, add_name, "a")


async def test_numbered_arguments_are_bound_by_number(database: Database) -> None:
    def swapped(scope: Scope) -> Work[tuple[str, str]]:
        rows = yield "SELECT CAST($2 AS TEXT) AS a, CAST($1 AS TEXT) AS b", ("one", "two")
        return rows[0]["a"], rows[0]["b"]

    assert await database.read(SYSTEM, swapped) == ("two", "one")


async def test_closing_finishes_what_was_begun_and_refuses_the_rest(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "chatty.db")
    writing = [asyncio.ensure_future(database.write(SYSTEM, add_name, f"{n:03}")) for n in range(300)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writing)
    await database.close()
    with pytest.raises(StorageError) as caught:
        await database.read(SYSTEM, names)
    assert caught.value.code == "storage/unavailable"
    assert [path.name for path in tmp_path.iterdir()] == ["chatty.db"]
    database = await open_database(tmp_path / "chatty.db")
    assert len(await database.read(SYSTEM, names)) == 300
    await database.close()


async def test_log_stays_small(sqlite_database: SqliteDatabase) -> None:
    workspace, user = await sqlite_database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    scope = Scope(workspace.id, user.id)
    row = (await sqlite_database.write(scope, conversations.insert, new_conversation(), None, NOW)).row
    for _ in range(40):
        message = NewMessage(new_id(), row.id, "user")
        parts = [NewPart("reasoning", text="ab " * 350_000)]
        await sqlite_database.write(scope, messages.insert, message, parts, None, NOW)
        log = Path(f"{sqlite_database.path}-wal")
        assert log.stat().st_size <= 64 * 1024 * 1024
    await sqlite_database.scrub()
    assert log.stat().st_size == 0


async def test_copy_holds_everything_accepted_and_verifies(
    sqlite_database: SqliteDatabase, tmp_path: Path
) -> None:
    workspace, user = await sqlite_database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    scope = Scope(workspace.id, user.id)
    row = (await sqlite_database.write(scope, conversations.insert, new_conversation(), None, NOW)).row
    said = await say(sqlite_database, scope, row.id, "walrus")
    target = tmp_path / "copy.db"
    await sqlite_database.copy_to(target)
    inspection.verify(target)
    found = inspection.inspect(target)
    assert found.is_sound
    assert found.row_counts["messages"] == 1
    assert found.schema_version == 2
    with pytest.raises(StorageError):
        await sqlite_database.copy_to(target)
    copy = await open_database(target)
    assert await copy.read(scope, messages.get, said.id) == said
    with pytest.raises(NotFound):
        await copy.read(scope, messages.get, "x")
    await copy.close()


async def test_inspection_names_what_is_wrong(sqlite_database: SqliteDatabase) -> None:
    await sqlite_database.close()
    connection = sqlite3.connect(sqlite_database.path)
    connection.execute("DROP INDEX messages_siblings")
    connection.execute("ALTER TABLE users ADD COLUMN extra TEXT")
    connection.execute("INSERT INTO projects VALUES ('w', 'p', 'n', NULL, NULL, NULL, NULL, 0, 0, 1, NULL)")
    connection.commit()
    connection.close()
    found = inspection.inspect(sqlite_database.path)
    assert not found.is_sound
    assert sorted(found.findings) == [
        "index messages_siblings of messages is missing",
        "projects refers to a missing row of workspaces",
        "table users differs",
    ]
    with pytest.raises(StorageError):
        inspection.verify(sqlite_database.path)


async def test_quiet_writer_brings_the_log_into_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_done = threading.Event()
    checkpoint = sqlite_threads.Writer._checkpoint

    def checkpoint_and_tell(writer: sqlite_threads.Writer) -> None:
        checkpoint(writer)
        is_done.set()

    monkeypatch.setattr(sqlite_threads, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(sqlite_threads.Writer, "_checkpoint", checkpoint_and_tell)
    database = await open_database(tmp_path / "chatty.db")
    await database.write(SYSTEM, add_name, "zwitscherling")
    assert await asyncio.to_thread(is_done.wait, 10)
    assert b"zwitscherling" in database.path.read_bytes()
    await database.close()


async def test_damaged_page_is_found_and_the_rest_is_read(sqlite_database: SqliteDatabase) -> None:
    for number in range(200):
        await sqlite_database.write(SYSTEM, add_name, f"{number}-" + "x" * 400)
    await sqlite_database.close()
    connection = sqlite3.connect(sqlite_database.path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'users'").fetchone()
    connection.close()
    with sqlite_database.path.open("rb+") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    found = inspection.inspect(sqlite_database.path)
    assert not found.is_sound
    assert found.row_counts["instance"] == 1


async def test_copy_to_a_place_that_is_not_there_is_refused(sqlite_database: SqliteDatabase) -> None:
    with pytest.raises(StorageError) as caught:
        await sqlite_database.copy_to(sqlite_database.path.parent / "nowhere" / "copy.db")
    assert caught.value.code == "storage/unavailable"
    await sqlite_database.write(SYSTEM, add_name, "still writing")


async def test_database_that_is_only_read_refuses_copies_and_scrubbing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "chatty.db"
    await (await open_database(path)).close()
    monkeypatch.setattr(sqlite_files, "file_system_type", lambda path: "nfs")
    database = await open_database(path)
    for use in (database.copy_to(tmp_path / "copy.db"), database.scrub()):
        with pytest.raises(StorageError) as caught:
            await use
        assert caught.value.code == "storage/read_only"
    await database.close()


class StubbornConnection(sqlite3.Connection):
    """Fails to end its first transaction, and leaves it open."""

    failures = 1

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if sql == "ROLLBACK" and StubbornConnection.failures:
            StubbornConnection.failures -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *arguments)


async def test_reader_whose_snapshot_cannot_be_closed_is_opened_anew() -> None:
    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, factory=StubbornConnection
        )

    def one(scope: Scope) -> Work[int]:
        rows = yield "SELECT 1 AS one", ()
        (found,) = rows[0]
        return int(found)

    readers = sqlite_threads.Readers(connect, "a.db", 1)
    readers.start()
    for _ in range(2):
        job = sqlite_threads.Job(lambda: one(SYSTEM))
        readers.submit(job)
        assert await job.future == 1
    readers.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("connect", [connect_reader, connect_writer])
def test_file_that_cannot_be_used_is_let_go_at_once(
    tmp_path: Path, connect: Callable[[Path], sqlite3.Connection]
) -> None:
    path = tmp_path / "chatty.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError) as caught:
        connect(path)
    held = {os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")}
    assert str(path.resolve()) not in held, caught
