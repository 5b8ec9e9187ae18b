"""A fake server per test, and the program run against it as its users run it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.fake_server import FakeServer

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home() -> Iterator[Path]:
    """A short directory: the path of a socket has 100 bytes at most."""
    directory = Path(tempfile.mkdtemp(prefix="chatty-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def server(home: Path) -> Iterator[FakeServer]:
    fake = FakeServer(home)
    yield fake
    fake.close()


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """What the program is told about the world: its home, and nothing of ours."""
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV")
    }
    return {
        **kept,
        "CHATTY_HOME": str(home),
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "TZ": "UTC",
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Run ``chatty`` to its end, with nothing on standard input unless told otherwise."""

    def run_chatty(*words: str, input: str | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "chatty", *words],
            env={**environment, **more},
            stdin=subprocess.DEVNULL if input is None else None,
            input=input,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_chatty
