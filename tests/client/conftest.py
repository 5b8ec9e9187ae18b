"""Directories short enough for a socket, and the fake server."""

import shutil
import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture
def short_dir() -> Iterator[str]:
    """A directory whose path leaves room for a socket's name."""
    path = tempfile.mkdtemp(prefix="chatty-")
    yield path
    shutil.rmtree(path)
