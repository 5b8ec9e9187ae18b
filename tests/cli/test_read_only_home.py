"""A home that can be read and not written: what was said stays readable, and what is not possible is said.

Root is stopped by no mode, so for root the home lies on a disk that is mounted for reading.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run

IS_ROOT = os.geteuid() == 0

Lock = Callable[[], None]


@pytest.fixture
def read_only(home: Path, environment: dict[str, str], tmp_path: Path, run: Run) -> Iterator[Lock]:
    """Return what turns the home of the test into one that cannot be written."""
    place = home / "h"
    place.mkdir(mode=0o700)
    if (
        IS_ROOT
        and subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "tmpfs", str(place)]).returncode
    ):
        pytest.skip("mounting is not allowed here")
    environment |= {"CHATTY_HOME": str(place), "TMPDIR": str(home)}
    yield lambda: _lock(place)
    run("server", "stop", "--force")
    if IS_ROOT:
        subprocess.run(["umount", "-l", str(place)], check=True)
    else:
        _change_directories(place, 0o700)


def _lock(place: Path) -> None:
    if IS_ROOT:
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    else:
        _change_directories(place, 0o500)


def _change_directories(place: Path, mode: int) -> None:
    for directory in (place, *(path for path in place.rglob("*") if path.is_dir())):
        os.chmod(directory, mode)


def test_conversations_of_a_read_only_home_can_be_read(read_only: Lock, run: Run) -> None:
    assert run("ask", "-m", "guide", "a question worth keeping").returncode == 0
    assert run("server", "stop").returncode == 0
    read_only()
    (row,) = json.loads(run("chats", "list", "--json").stdout)["items"]
    assert "a question worth keeping" in run("chats", "show", row["id"]).stdout
    assert json.loads(run("server", "status", "--json").stdout)["state"] == "serving"
    refused = run("ask", "-m", "guide", "another")
    assert (refused.returncode, refused.stderr.count("\n")) == (10, 1)
    assert run("server", "stop").stdout == "stopped\n"
    assert json.loads(run("server", "status", "--json").stdout)["state"] == "stopped"


def test_empty_home_that_cannot_be_written_is_a_storage_error_with_its_path(
    read_only: Lock, run: Run, home: Path
) -> None:
    read_only()
    result = run("chats", "list")
    assert (result.returncode, result.stderr.count("\n")) == (10, 1)
    assert str(home / "h") in result.stderr
    assert "make it writable" in result.stderr
