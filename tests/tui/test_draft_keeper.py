"""Drafts are kept until the disk has them."""

import asyncio
from pathlib import Path

import pytest

from chatty.tui import draft_keeper
from chatty.tui.draft_keeper import DraftKeeper
from chatty.tui.drafts import Draft, Drafts
from tests.instruments.waiting import until


async def test_draft_the_disk_refuses_is_still_there(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("in the way of the directory")
    errors: list[str] = []
    keeper = DraftKeeper(Drafts(tmp_path / "drafts", "a"), errors.append)
    keeper.changed("c1", Draft(("precious",), 8))
    await keeper.flush()
    assert len(errors) == 1
    assert keeper.load("c1") == Draft(("precious",), 8)


async def test_draft_the_disk_refused_is_written_once_it_takes_it(tmp_path: Path) -> None:
    directory = tmp_path / "drafts"
    directory.write_text("in the way of the directory")
    errors: list[str] = []
    keeper = DraftKeeper(Drafts(directory, "a"), errors.append, retry_seconds=0.01)
    keeper.changed("c1", Draft(("precious",), 8))
    await until(lambda: bool(errors))
    directory.unlink()
    await until(directory.is_dir)
    await keeper.flush()
    assert Drafts(directory, "a").load("c1") == Draft(("precious",), 8)


async def test_refused_draft_keeps_no_other_from_the_disk(tmp_path: Path) -> None:
    (tmp_path / "c1@a.json").mkdir()
    keeper = DraftKeeper(Drafts(tmp_path, "a"), lambda _: None)
    keeper.changed("c1", Draft(("one",), 0))
    keeper.changed("c2", Draft(("two",), 0))
    await keeper.flush()
    assert Drafts(tmp_path, "a").load("c2") == Draft(("two",), 0)


async def test_words_that_come_without_a_pause_reach_the_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_keeper, "PAUSE_SECONDS", 3600.0)
    monkeypatch.setattr(draft_keeper, "WITHOUT_PAUSE_SECONDS", 0.05)
    keeper = DraftKeeper(Drafts(tmp_path, "a"), pytest.fail)
    text = ""
    async with asyncio.timeout(10):
        while not (tmp_path / "c1@a.json").exists():
            text += "word "
            keeper.changed("c1", Draft((text,), len(text)))
            await asyncio.sleep(0.001)
    assert Drafts(tmp_path, "b").conversations() == {"c1"}
    await keeper.flush()
