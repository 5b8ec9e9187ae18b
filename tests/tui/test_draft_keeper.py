"""Drafts are kept until the disk has them."""

from pathlib import Path

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
