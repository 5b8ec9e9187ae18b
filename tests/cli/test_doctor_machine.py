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
    ("kind", "status"), [("ext4", "ok"), ("nfs4", "failed"), ("cifs", "failed"), ("fuse.sshfs", "failed")]
)
def test_network_file_systems_are_refused(
    locations: Locations, tmp_path: Path, kind: str, status: str
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/a / ext4 rw 0 0\nhost:/x {tmp_path} {kind} rw 0 0\n/dev/b {tmp_path}x nfs rw 0 0\n"
    )
    assert machine.file_system(locations, str(mounts)).status == status


def test_system_that_does_not_tell_is_taken_for_well(locations: Locations) -> None:
    assert machine.file_system(locations, "/nowhere").status == "ok"


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
