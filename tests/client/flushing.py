"""What a program tells the kernel to keep, in which order: no kill shows it, only a power cut does."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest


def recorded_steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with every flush and every renaming from here on."""
    steps: list[str] = []
    flush, rename = os.fsync, os.replace

    def recorded_flush(descriptor: int) -> None:
        is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("directory flushed" if is_directory else "file flushed")
        flush(descriptor)

    def recorded_rename(source: Any, target: Any, **more: Any) -> None:
        steps.append("renamed")
        rename(source, target, **more)

    def rename_path(source: Path, target: Any) -> None:
        recorded_rename(source, target)

    monkeypatch.setattr(os, "fsync", recorded_flush)
    monkeypatch.setattr(os, "replace", recorded_rename)
    monkeypatch.setattr(Path, "replace", rename_path)
    return steps
