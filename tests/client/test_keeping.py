"""When an entry goes to the disk: at once where nobody listens, never where the server was quicker."""

import asyncio
import os
from pathlib import Path

import pytest

from chatty.client import keeping as module
from chatty.client.keeping import Keeping
from chatty.client.outbox import Entry, Outbox
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(str(tmp_path / "outbox"))


def entry(outbox: Outbox) -> Entry:
    return outbox.prepare("message.send", {"id": new_id(), "conversation": {"id": new_id()}, "parts": []})


async def test_accepted_message_never_had_a_file(outbox: Outbox, tmp_path: Path) -> None:
    told: list[bool] = []
    keeping = Keeping(outbox, entry(outbox), lambda: told.append(True))
    assert not await keeping.was_needed()
    await asyncio.sleep(2 * module.GRACE_SECONDS)
    assert (told, os.path.exists(tmp_path / "outbox")) == ([True], False)


async def test_message_without_an_answer_has_one_after_moments(outbox: Outbox) -> None:
    is_told = asyncio.Event()
    keeping = Keeping(outbox, entry(outbox), is_told.set)
    await asyncio.wait_for(is_told.wait(), 10)
    assert outbox.entries() == [keeping.entry]
    assert await keeping.was_needed()


async def test_message_that_nobody_hears_has_one_at_once(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 3600)
    keeping = Keeping(outbox, entry(outbox))
    await keeping.on_disk()
    assert outbox.entries() == [keeping.entry]


async def test_disk_that_takes_nothing_is_told_to_who_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in its place")
    outbox, told = Outbox(str(tmp_path / "outbox")), []
    keeping = Keeping(outbox, Entry(1, new_id(), "message.send", {}), lambda: told.append(True))
    with pytest.raises(ProtocolError) as caught:
        await keeping.on_disk()
    assert (caught.value.family, told) == ("storage", [])
    assert await keeping.was_needed()


async def test_message_of_an_earlier_program_is_on_the_disk(outbox: Outbox) -> None:
    keeping = Keeping.of_a_file(outbox, entry(outbox))
    await keeping.on_disk()
    assert outbox.entries() == []
    assert await keeping.was_needed()
