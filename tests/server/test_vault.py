"""Where keys are looked for, and what is said about it."""

import logging
from pathlib import Path

import keyring
import pytest
from keyring.errors import NoKeyringError

from chatty.server.vault import Vault


async def test_missing_keyring_is_mentioned_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(service: str, name: str) -> str:
        raise NoKeyringError("no backend, and a long story")

    monkeypatch.setattr(keyring, "get_password", refuse)
    vault = Vault(tmp_path / "keys.json")
    with caplog.at_level(logging.INFO):
        for provider in ("openai", "groq", "lab"):
            assert await vault.find(provider, None) == (None, "missing")
        await vault.forget("openai")
    assert [record.getMessage() for record in caplog.records] == [
        "the keyring cannot be used: NoKeyringError; going on without it"
    ]
