"""Figures of one run: percentiles, goals, and a JSON file that names the machine.

Every program here that has a goal ends with `conclude`: its figures and goals go to
``results/NAME-MACHINE.json``, the goals to the screen, and its exit code says whether all are met.
"""

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

RESULTS = Path(__file__).parent / "results"

_LOAD_BEFORE = os.getloadavg()[0]
"""Whether something else kept the machine busy when the program began."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and what it has to reach: at most, or at least, some value."""

    what: str
    reached: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the figure keeps to its bounds; a figure that is no number keeps to none."""
        return (self.at_most is None or self.reached <= self.at_most) and (
            self.at_least is None or self.reached >= self.at_least
        )

    def __str__(self) -> str:
        bounds = (("at least", self.at_least), ("at most", self.at_most))
        wanted = ", ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)
        return f"{'' if self.is_met else 'MISSED  '}{self.what}: {self.reached:g} ({wanted})"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> dict[str, str | int | float | None]:
    return {
        "name": platform.node(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "load_before": round(_LOAD_BEFORE, 2),
    }


def facts_of(outcome: "DataclassInstance") -> dict[str, object]:
    """Return a dataclass's fields by name, as they are: `asdict` would take counters apart."""
    return {field.name: getattr(outcome, field.name) for field in fields(outcome)}


def conclude(name: str, figures: Mapping[str, object], goals: Sequence[Goal]) -> int:
    """Save, say what was reached, and return the exit code of the program."""
    print(f"saved: {save(name, figures, goals)}")
    for goal in goals:
        print(goal)
    return int(not all(goal.is_met for goal in goals))


def save(name: str, figures: Mapping[str, object], goals: Sequence[Goal] = ()) -> Path:
    """Write the figures beside the machine they were taken on and return the file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}-{platform.node()}.json"
    record = {
        "taken_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "machine": machine(),
        "goals": [_plain(goal) for goal in goals],
        **figures,
    }
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path


def _plain(goal: Goal) -> dict[str, object]:
    bounds = {"at_most": goal.at_most, "at_least": goal.at_least}
    return {
        "what": goal.what,
        "reached": goal.reached,
        **{name: bound for name, bound in bounds.items() if bound is not None},
        "is_met": goal.is_met,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
