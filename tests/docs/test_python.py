"""The Python programs that the guide shows do what it says they do."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import GUIDE, ROOT, python_programs


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """A new home, and a server in it that is stopped in the end."""
    home = Path(tempfile.mkdtemp(prefix="chatty-"))
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "VIRTUAL_ENV")}
    environment = {**kept, "CHATTY_HOME": str(home), "HOME": str(home), "PYTHONPATH": str(ROOT)}
    yield environment
    _run(["-m", "chatty", "server", "stop", "--force"], environment)
    shutil.rmtree(home)


def _run(words: list[str], environment: dict[str, str]) -> str:
    result = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_programs_for_the_client_library(environment: dict[str, str]) -> None:
    streaming, listing = python_programs(GUIDE / "from-python.md")
    assert "chatty providers add" in _run(["-c", streaming], environment)
    assert _run(["-c", listing], environment).splitlines()[0].endswith(" How do I set a key?")
