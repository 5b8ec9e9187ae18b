"""Golden files: what a command prints, byte for byte. ``CHATTY_WRITE_GOLDEN=1`` writes them anew."""

import os
from pathlib import Path

DIRECTORY = Path(__file__).parent / "golden"


def assert_golden(name: str, printed: str) -> None:
    """Compare with the file of that name."""
    path = DIRECTORY / name
    if os.environ.get("CHATTY_WRITE_GOLDEN"):
        path.write_bytes(printed.encode())
    assert printed.encode() == path.read_bytes()
