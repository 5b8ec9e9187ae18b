"""A joined server for each test, with the keyring out of the way; all it wrote is checked by the schema."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.server.conforming import assert_conforming
from tests.server.joined import JoinedClient, JoinedServer, joined_server


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="chatty-") as path:
        yield Path(path)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[JoinedServer]:
    async with joined_server(tmp_path) as joined:
        yield joined
        if not joined.has_foreign_frames:
            for connected in joined.clients:
                assert_conforming(connected)


@pytest.fixture
async def client(server: JoinedServer) -> JoinedClient:
    return await server.connect()
