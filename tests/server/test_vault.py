"""Where keys are looked for, and what is said about it."""

import asyncio
import logging
import threading
from pathlib import Path

import keyring
import pytest
from keyring.errors import KeyringLocked, NoKeyringError

from chatty.protocol.errors import ProtocolError
from chatty.server import system_keyring
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


async def test_key_kept_while_the_keyring_was_thinking_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_answer = threading.Event(), threading.Event()
    kept: dict[str, str] = {}

    def slow(service: str, name: str) -> str | None:
        found = kept.get(name)
        if not asked.is_set():
            asked.set()
            may_answer.wait(5)
        return found

    monkeypatch.setattr(keyring, "get_password", slow)
    monkeypatch.setattr(keyring, "set_password", lambda service, name, key: kept.update({name: key}))
    monkeypatch.setattr(keyring, "get_keyring", lambda: kept)
    vault = Vault(tmp_path / "keys.json")
    looking = asyncio.create_task(vault.find("openai", None))
    await asyncio.to_thread(asked.wait, 5)
    keeping = asyncio.create_task(vault.keep("openai", "sk-1", "keyring"))
    may_answer.set()
    await asyncio.gather(looking, keeping)
    key, source = await vault.find("openai", None)
    assert key is not None
    assert (key.reveal(), source) == ("sk-1", "keyring")


async def test_a_keyring_that_is_locked_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(service: str, name: str) -> str:
        raise KeyringLocked("nobody is there")

    monkeypatch.setattr(keyring, "get_password", refuse)
    vault = Vault(tmp_path / "keys.json")
    assert await vault.find("lab", None) == (None, "missing")
    assert vault.keyring_trouble == "the keyring is locked"
    monkeypatch.setattr(keyring, "get_keyring", dict)
    monkeypatch.setattr(keyring, "set_password", lambda *_: refuse("", ""))
    with pytest.raises(ProtocolError, match="the keyring is locked; the key was not stored"):
        await vault.keep("lab", "sk-1", "keyring")
    monkeypatch.setattr(keyring, "get_password", lambda *_: "sk-1")
    key, source = await vault.find("lab", None)
    assert key is not None
    assert (key.reveal(), source) == ("sk-1", "keyring")


async def test_a_keyring_that_hangs_holds_one_thread_and_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer = threading.Event()
    asked: list[str] = []

    def hang(service: str, name: str) -> str:
        asked.append(name)
        may_answer.wait(20)
        return f"key of {name}"

    monkeypatch.setattr(keyring, "get_password", hang)
    monkeypatch.setattr(system_keyring, "KEYRING_SECONDS", 0.05)
    vault = Vault(tmp_path / "keys.json")
    names = [f"lab{number}" for number in range(50)]
    async with asyncio.timeout(5):
        for found in await asyncio.gather(*(vault.find(name, None) for name in names)):
            assert found == (None, "missing")
        assert await asyncio.to_thread(lambda: "free") == "free"
    assert asked == ["lab0"]
    assert vault.keyring_trouble == "the keyring does not answer"
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "keyring"]
    assert thread.daemon
    may_answer.set()
    await asyncio.to_thread(thread.join, 5)
    key, source = await vault.find("lab7", None)
    assert key is not None
    assert (key.reveal(), source) == ("key of lab7", "keyring")


@pytest.mark.parametrize("fault", ["readable", "damaged", "list"])
async def test_file_that_cannot_be_used_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(keyring, "get_password", lambda *_: None)
    path = tmp_path / "keys.json"
    await Vault(path).keep("groq", "sk-old", "file")
    match fault:
        case "readable":
            path.chmod(0o644)
        case "damaged":
            path.write_text(path.read_text()[:-5])
        case "list":
            path.write_text("[]")
    before = path.read_bytes()
    vault = Vault(path)
    with pytest.raises(ProtocolError) as refused:
        await vault.keep("openai", "sk-new", "file")
    assert (refused.value.type, refused.value.details) == ("storage/keys_file", {"path": str(path)})
    assert "sk-" not in refused.value.message
    assert path.read_bytes() == before
    assert await vault.find("openai", None) == (None, "missing")
