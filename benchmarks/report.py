"""Figures of one run: percentiles, a table on the screen, and a JSON file that names the machine."""

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RESULTS = Path(__file__).parent / "results"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> dict[str, str | int | None]:
    return {
        "name": platform.node(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
    }


def facts_of(outcome: "DataclassInstance") -> dict[str, object]:
    """Return a dataclass's fields by name, as they are: `asdict` would take counters apart."""
    return {field.name: getattr(outcome, field.name) for field in fields(outcome)}


def save(name: str, figures: Mapping[str, object]) -> Path:
    """Write the figures beside the machine they were taken on and return the file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}-{platform.node()}.json"
    record = {"taken_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "machine": machine(), **figures}
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
