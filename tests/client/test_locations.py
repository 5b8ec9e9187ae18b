"""Paths by environment and platform."""

import os

import pytest

from chatty.client.locations import MAX_SOCKET_PATH_BYTES, Locations


def test_one_home_holds_everything() -> None:
    found = Locations.from_environment({"CHATTY_HOME": "/h"})
    assert (found.config_file, found.database_path, found.socket_path, found.log_file) == (
        "/h/config/config.toml",
        "/h/data/chatty.db",
        "/h/state/run/s.sock",
        "/h/state/logs/server.log",
    )


def test_linux_follows_xdg_and_never_the_runtime_directory() -> None:
    environ = {
        "HOME": "/u",
        "XDG_DATA_HOME": "/d",
        "XDG_CONFIG_HOME": "relative",
        "XDG_RUNTIME_DIR": "/run/1",
    }
    found = Locations.from_environment(environ, "linux")
    assert (found.config_dir, found.data_dir, found.run_dir) == (
        "/u/.config/chatty",
        "/d/chatty",
        "/u/.local/state/chatty/run",
    )


def test_macos_has_its_own_place() -> None:
    found = Locations.from_environment({"HOME": "/Users/u"}, "darwin")
    assert found.data_dir == "/Users/u/Library/Application Support/chatty/data"


@pytest.mark.parametrize("length", [10, 60, 200])
def test_socket_path_fits_into_the_kernels_limit(length: int) -> None:
    found = Locations.from_environment({"HOME": "/u", "CHATTY_HOME": "/" + "x" * length})
    assert len(os.fsencode(found.socket_path)) <= MAX_SOCKET_PATH_BYTES


def test_two_homes_with_long_paths_have_two_sockets() -> None:
    paths = {
        Locations.from_environment({"HOME": "/u", "CHATTY_HOME": "/" + "x" * 200 + name}).socket_path
        for name in "ab"
    }
    assert len(paths) == 2
