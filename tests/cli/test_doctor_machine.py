"""The doctor's checks of the machine, on machines that are not well."""

from pathlib import Path

import pytest

from chatty.cli.doctor import machine
from chatty.cli.exit_codes import ExitCode
from chatty.client.locations import Locations


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    return Locations.from_environment({"CHATTY_HOME": str(tmp_path), "HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("kind", "status"),
    [("ext4", "ok"), (None, "ok"), ("nfs4", "failed"), ("fuse.sshfs", "failed"), ("fuse.s3fs", "failed")],
)
def test_network_file_systems_are_refused_as_the_store_does(
    locations: Locations, monkeypatch: pytest.MonkeyPatch, kind: str | None, status: str
) -> None:
    monkeypatch.setattr(machine, "file_system_type", lambda path: kind)
    assert machine.file_system(locations).status == status


def test_directory_that_others_can_read(locations: Locations) -> None:
    Path(locations.data_dir).mkdir(mode=0o755)
    found = {finding.id: finding for finding in machine.directories(locations)}
    assert found["data_directory"].status == "warning"
    assert found["data_directory"].fix == f"chmod 700 {locations.data_dir}"
    assert found["config_directory"].status == "ok", "made when needed"


def test_file_where_a_directory_belongs(locations: Locations, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    found = {finding.id: finding for finding in machine.directories(locations)}
    assert (found["data_directory"].status, found["data_directory"].code) == ("failed", ExitCode.STORAGE)
    assert str(tmp_path / "data") in found["data_directory"].detail
    assert found["config_directory"].status == "ok"


@pytest.mark.parametrize(("free", "status"), [(1 << 20, "failed"), (1 << 29, "warning"), (1 << 40, "ok")])
def test_disk(locations: Locations, monkeypatch: pytest.MonkeyPatch, free: int, status: str) -> None:
    class Usage:
        def __init__(self) -> None:
            self.free = free

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage())
    found = machine.disk(locations)
    assert found.status == status
    assert (found.code is ExitCode.STORAGE) == (status == "failed")


def test_old_sqlite_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 40, 1))
    monkeypatch.setattr("sqlite3.sqlite_version", "3.40.1")
    found = {finding.id: finding.status for finding in machine.versions()}
    assert found == {"chatty": "ok", "python": "ok", "sqlite": "warning"}


def test_keyring_that_raises_is_reported_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("no bus")

    monkeypatch.setattr("keyring.get_keyring", broken)
    found = machine.keyring()
    assert (found.status, found.detail) == ("warning", "it fails: RuntimeError: no bus")
