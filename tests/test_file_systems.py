"""What lies where, on machines with other disks."""

import sys
from pathlib import Path

import pytest

from chatty.file_systems import file_system_type, is_network


@pytest.mark.skipif(sys.platform == "darwin", reason="mounts are asked of the system there")
def test_type_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/a rw\n"
        "2 1 0:5 / /nowhere rw shared:1 - nfs4 server:/home rw\n"
        "3 2 0:6 / /nowhere/me/with\\040blank rw - xfs /dev/b rw\n"
        "nonsense\n"
    )
    assert file_system_type("/var/none/chatty.db", mounts) == "ext4"
    assert file_system_type("/nowhere/me/chatty.db", mounts) == "nfs4"
    assert file_system_type("/nowhereish", mounts) == "ext4"
    assert file_system_type(Path("/nowhere/me/with blank/chatty.db"), mounts) == "xfs"
    assert file_system_type("/x", tmp_path / "none") is None


@pytest.mark.parametrize(
    ("kind", "expected"), [("nfs4", True), ("fuse.sshfs", True), ("ext4", False), (None, False)]
)
def test_network_file_systems_are_known(kind: str | None, expected: bool) -> None:
    assert is_network(kind) is expected
