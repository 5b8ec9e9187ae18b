"""What happens to the file and its disk, and what is still possible then."""

import asyncio
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatty.store import bootstrap, conversations, messages, sqlite, sqlite_files
from chatty.store.database import SYSTEM, Scope
from chatty.store.errors import StorageError, StoreError
from chatty.store.sqlite import SqliteDatabase, open_database
from tests.store.making import NOW, find, new_conversation, say


async def fill(path: Path, count: int = 5) -> tuple[Scope, str]:
    """Make a closed database with a conversation of `count` messages; return scope and conversation."""
    database = await open_database(path)
    scope, conversation_id = await begin(database)
    for number in range(count):
        await say(database, scope, conversation_id, f"walrus {number}")
    await database.close()
    return scope, conversation_id


async def begin(database: SqliteDatabase) -> tuple[Scope, str]:
    workspace, user = await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    scope = Scope(workspace.id, user.id)
    row = (await database.write(scope, conversations.insert, new_conversation(), None, NOW)).row
    return scope, row.id


async def refusal(path: Path) -> StorageError:
    """Open a file that must be refused, and check that it was left alone."""
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(StorageError) as caught:
        await open_database(path)
    assert (path.read_bytes() if path.exists() else None) == before
    assert str(path) in str(caught.value)
    assert caught.value.hint
    return caught.value


class Disk:
    """A small file system in memory that can be filled and made read-only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def remount(self, option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", str(self.folder)], check=True)

    def fill(self, *, leave_bytes: int = 0) -> None:
        free = os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize
        self.ballast.write_bytes(b"x" * max(0, free - leave_bytes))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")
    yield Disk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_full_disk_refuses_writes_keeps_reading_and_recovers(disk: Disk) -> None:
    database = await open_database(disk.folder / "chatty.db")
    scope, conversation_id = await begin(database)
    accepted = [await say(database, scope, conversation_id, "walrus")]
    disk.fill(leave_bytes=64 * 1024)
    refused: StorageError | None = None
    while refused is None and len(accepted) < 200:
        try:
            accepted.append(await say(database, scope, conversation_id, "walrus " + "x" * 4000))
        except StorageError as error:
            refused = error
    assert refused is not None
    assert refused.code == "storage/full"
    assert refused.retryable
    assert len((await database.read(scope, messages.tree_page, conversation_id)).items) == len(accepted)
    assert await find(database, scope, "walrus") != []
    disk.ballast.unlink()
    accepted.append(await say(database, scope, conversation_id, "after"))
    tree = await database.read(scope, messages.tree_page, conversation_id)
    assert [node.id for node in tree.items] == [message.id for message in accepted]
    await database.close()
    check = sqlite3.connect(disk.folder / "chatty.db")
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


async def test_unit_that_fills_the_disk_takes_no_other_with_it(disk: Disk) -> None:
    database = await open_database(disk.folder / "chatty.db")
    scope, conversation_id = await begin(database)

    texts = ("one", "x" * 8_000_000, "two", "three")
    outcomes = await asyncio.gather(
        *(say(database, scope, conversation_id, text) for text in texts), return_exceptions=True
    )
    codes = [outcome.code if isinstance(outcome, StorageError) else "stored" for outcome in outcomes]
    assert codes == ["stored", "storage/full", "stored", "stored"]
    await database.close()


async def test_new_database_on_a_full_disk_is_refused(disk: Disk) -> None:
    disk.fill()
    with pytest.raises(StorageError) as caught:
        await open_database(disk.folder / "chatty.db")
    assert caught.value.code == "storage/full"
    disk.ballast.unlink()
    database = await open_database(disk.folder / "chatty.db")
    await begin(database)
    await database.close()


async def test_database_on_a_full_disk_is_read(disk: Disk) -> None:
    path = disk.folder / "chatty.db"
    scope, conversation_id = await fill(path)
    before = path.read_bytes()
    disk.fill()
    database = await open_database(path)
    assert database.problem is not None
    assert database.problem.code == "storage/full"
    assert len(await find(database, scope, "walrus")) == 5
    with pytest.raises(StorageError):
        await say(database, scope, conversation_id, "no")
    await database.close()
    assert path.read_bytes() == before
    assert not sqlite_files.stands_nothing_in_the_way(path)
    disk.ballast.unlink()
    assert sqlite_files.stands_nothing_in_the_way(path)
    database = await open_database(path)
    await say(database, scope, conversation_id, "after")
    await database.close()


async def test_older_schema_that_cannot_be_brought_up_to_date_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "chatty.db"
    await fill(path)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM schema_migrations WHERE number = 2")
    connection.execute("DROP TABLE events")
    connection.commit()
    connection.close()
    monkeypatch.setattr(sqlite_files, "file_system_type", lambda path: "nfs4")
    assert (await refusal(path)).code == "storage/network_filesystem"


async def test_disk_that_turns_read_only_still_reads(disk: Disk) -> None:
    path = disk.folder / "chatty.db"
    database = await open_database(path)
    scope, conversation_id = await begin(database)
    await say(database, scope, conversation_id, "walrus")
    copy = disk.folder / "left-behind.db"
    for suffix in ("", "-wal"):  # as if the program had been killed: with a log
        shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    await database.close()
    disk.remount("ro")
    for place in (path, copy):
        database = await open_database(place)
        assert database.read_only
        assert database.problem is not None
        assert database.problem.code == "storage/read_only"
        assert len(await find(database, scope, "walrus")) == 1
        with pytest.raises(StorageError) as caught:
            await say(database, scope, conversation_id, "no")
        assert caught.value.code == "storage/read_only"
        await database.close()
    with pytest.raises(StorageError) as caught:
        await open_database(disk.folder / "new.db")
    assert caught.value.code == "storage/read_only"
    disk.remount("rw")
    database = await open_database(copy)
    assert not database.read_only
    await say(database, scope, conversation_id, "yes")
    await database.close()


@pytest.mark.parametrize(
    "content",
    [b"not a database at all\n" * 100, b"SQLite format 3\0", b"\0" * 8192, b"x"],
    ids=["text", "cut-in-the-header", "zeros", "one-byte"],
)
async def test_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "chatty.db"
    path.write_bytes(content)
    assert (await refusal(path)).code == "storage/corrupt"


async def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chatty.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE cookies (a)")
    other.close()
    assert (await refusal(path)).code == "storage/corrupt"


async def test_empty_file_is_filled_unless_its_log_is_not_empty(tmp_path: Path) -> None:
    path = tmp_path / "chatty.db"
    path.touch()
    await (await open_database(path)).close()
    left = tmp_path / "left.db"
    left.touch()
    (tmp_path / "left.db-wal").write_bytes(b"log")
    assert (await refusal(left)).code == "storage/corrupt"
    assert (tmp_path / "left.db-wal").read_bytes() == b"log"


async def test_cut_off_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chatty.db"
    await fill(path)
    size = path.stat().st_size
    for length in (size - 1, size - 4096, size // 2, 4096, 101):
        os.truncate(path, length)
        assert (await refusal(path)).code == "storage/corrupt"


async def test_flipped_bits_end_in_a_typed_error_or_in_right_answers(tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    scope, conversation_id = await fill(whole, 40)
    content = whole.read_bytes()
    chance = random.Random(7)
    for number in range(60):
        damaged = bytearray(content)
        for _ in range(40):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path = tmp_path / f"damaged-{number}.db"
        path.write_bytes(damaged)
        await _use(path, scope, conversation_id)


async def _use(path: Path, scope: Scope, conversation_id: str) -> None:
    """Open, read, search and write: each is answered, or refused with an error of the store."""
    with contextlib.suppress(StorageError):
        database = await open_database(path, readers=1)
        for use in (
            database.read(scope, messages.tree_page, conversation_id),
            find(database, scope, "walrus"),
            say(database, scope, conversation_id, "still here"),
        ):
            with contextlib.suppress(StoreError):
                await use
        await database.close()


async def test_network_file_system_is_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "chatty.db"
    scope, conversation_id = await fill(path)
    monkeypatch.setattr(sqlite_files, "file_system_type", lambda path: "nfs4")
    database = await open_database(path)
    assert database.problem is not None
    assert database.problem.code == "storage/network_filesystem"
    assert len(await find(database, scope, "walrus")) == 5
    with pytest.raises(StorageError) as caught:
        await say(database, scope, conversation_id, "no")
    assert "network file system" in str(caught.value)
    await database.close()
    assert (await refusal(tmp_path / "new.db")).code == "storage/network_filesystem"


async def test_file_locked_by_another_program_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.05)
    path = tmp_path / "chatty.db"
    scope, conversation_id = await fill(path)
    database = await open_database(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError) as caught:
        await say(database, scope, conversation_id, "no")
    assert caught.value.code == "storage/busy"
    assert len(await find(database, scope, "walrus")) == 5
    other.execute("ROLLBACK")
    other.close()
    await say(database, scope, conversation_id, "yes")
    await database.close()
