"""A joined server for each test, with the keyring out of the way; all it wrote is checked by the schema."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.conforming import assert_conforming
from tests.server.joined import JoinedClient, JoinedServer, joined_server


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


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
