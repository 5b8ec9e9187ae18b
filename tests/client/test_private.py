"""Directories that nobody else may enter, and what is said of places that cannot be used."""

import errno
import os
import stat
from pathlib import Path

import pytest

from chatty.client.outbox import Outbox
from chatty.client.private import ensure_private_directory, forget_unfinished, unusable, write_durably
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from tests.client.flushing import recorded_steps


def modes(root: Path) -> dict[str, int]:
    """Return the mode of every directory under a root, by its path from there."""
    return {
        str(path.relative_to(root)): stat.S_IMODE(path.stat().st_mode)
        for path in root.rglob("*")
        if path.is_dir()
    }


def test_every_directory_that_is_made_is_its_owners_alone(tmp_path: Path) -> None:
    ensure_private_directory(str(tmp_path / "home" / "state" / "run"))
    assert modes(tmp_path) == {"home": 0o700, "home/state": 0o700, "home/state/run": 0o700}


def test_outbox_and_the_home_it_makes_are_their_owners_alone(tmp_path: Path) -> None:
    outbox = Outbox(str(tmp_path / "home" / "state" / "outbox" / "local"))
    outbox.put(outbox.prepare("message.send", {"id": new_id()}))
    assert set(modes(tmp_path).values()) == {0o700}


def test_directories_above_that_somebody_else_makes_at_that_moment_are_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = os.mkdir
    wanted = tmp_path / "state" / "outbox"

    def overtaken(path: str, mode: int) -> None:
        try:
            make(path, mode)
        finally:
            if not wanted.parent.exists():
                make(wanted.parent, 0o700)

    monkeypatch.setattr(os, "mkdir", overtaken)
    ensure_private_directory(str(wanted))
    assert modes(tmp_path) == {"state": 0o700, "state/outbox": 0o700}


def test_what_is_put_down_is_flushed_before_it_has_its_name_and_so_is_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = recorded_steps(monkeypatch)
    write_durably(str(tmp_path / "entry.json"), b"words")
    assert steps == ["file flushed", "renamed", "directory flushed"]


def test_directories_that_were_there_above_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    os.chmod(tmp_path / "shared", 0o755)
    ensure_private_directory(str(tmp_path / "shared" / "mine"))
    assert modes(tmp_path) == {"shared": 0o755, "shared/mine": 0o700}


def test_file_where_the_directory_belongs_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(ProtocolError) as caught:
        ensure_private_directory(str(tmp_path / "data"))
    assert caught.value.type == "storage/unavailable"
    assert "move away the file" in caught.value.message


def test_directory_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    os.chmod(tmp_path / "open", 0o755)
    ensure_private_directory(str(tmp_path / "open"))
    assert modes(tmp_path) == {"open": 0o700}


def test_directory_that_cannot_be_closed_is_a_storage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a read-only disk."""

    def refuse(path: str, mode: int) -> None:
        raise OSError(errno.EROFS, "Read-only file system", path)

    os.chmod(tmp_path, 0o755)
    monkeypatch.setattr(os, "chmod", refuse)
    with pytest.raises(ProtocolError) as caught:
        ensure_private_directory(str(tmp_path))
    assert caught.value.type == "storage/read_only"


def test_file_in_the_way_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(ProtocolError) as caught:
        ensure_private_directory(str(tmp_path / "home" / "data"))
    assert caught.value.type == "storage/unavailable"
    assert "file that is where a directory belongs" in caught.value.message


def test_place_where_nothing_can_be_made_is_refused_and_not_tried_for_ever() -> None:
    if not os.path.isdir("/proc/self"):
        pytest.skip("this system has no /proc")
    with pytest.raises(ProtocolError) as caught:
        ensure_private_directory("/proc/nothing/data")
    assert caught.value.type == "storage/unavailable"


@pytest.mark.parametrize(
    ("number", "error_type", "way_out"),
    [
        (errno.ENOSPC, "storage/full", "make room"),
        (errno.EROFS, "storage/read_only", "make it writable"),
        (errno.EACCES, "storage/read_only", "make it writable"),
        (errno.EIO, "storage/unavailable", "look at that place"),
    ],
)
def test_way_out_fits_the_trouble(number: int, error_type: str, way_out: str) -> None:
    error = unusable("/a/place", OSError(number, os.strerror(number)))
    assert isinstance(error, ProtocolError)
    assert (error.type, error.details["path"]) == (error_type, "/a/place")
    assert way_out in error.message
    assert "Nothing was changed" in error.message


def test_only_our_own_unfinished_files_are_removed(tmp_path: Path) -> None:
    kept = ["config.toml", ".config.toml.swp", ".config.toml.12.backup00", "x.config.toml.1.0a1b2c3d"]
    for name in [*kept, ".config.toml.4711.0a1b2c3d"]:
        (tmp_path / name).touch()
    forget_unfinished(str(tmp_path / "config.toml"))
    assert sorted(os.listdir(tmp_path)) == sorted(kept)
