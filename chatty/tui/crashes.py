"""Crashes below the program: reported once each, and whose they are. The rule is: one part fails, the rest
goes on.

No widget here. Who contains what: `containing.py` for widgets and screens, `control/desk.py` for work under
way, `app.py` for everything else.
"""

import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from chatty.client.crash_reports import Report

Part = TypeVar("Part")

_TOO_MANY, _WITHIN_SECONDS = 20, 10.0
"""A screen that fails this often is none any more: then the program ends, and says why."""


class Crashes:
    """Keeps a report of every place that failed.

    Args:
        directory: where reports are written.
        clock: seconds.
    """

    def __init__(self, directory: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._clock = clock
        self._reports: dict[object, Report] = {}
        self._taken_at: deque[float] = deque(maxlen=_TOO_MANY)

    def take(self, error: BaseException) -> "Report":
        """The report of an error: written now, or the one of the same failure before."""
        from chatty.client.crash_reports import save_report

        self._taken_at.append(self._clock())
        place = _place(error)
        report = self._reports.get(place)
        if report is None:
            report = self._reports[place] = save_report(self._directory, error)
        return report

    @property
    def are_too_many(self) -> bool:
        """Whether failures follow each other so fast that going on helps nobody."""
        times = self._taken_at
        return len(times) == _TOO_MANY and times[-1] - times[0] < _WITHIN_SECONDS


def crash_note(report: "Report") -> str:
    """The word for the status row where no part of the screen can say it."""
    return f"something broke · report {report.id} · /redraw loads everything anew"


def culprit(error: BaseException, kind: type[Part]) -> Part | None:
    """The innermost object of this kind whose method failed; None when none did."""
    found: Part | None = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        owner = frame.f_locals.get("self")
        if isinstance(owner, kind):
            found = owner
    return found


def _place(error: BaseException) -> object:
    """What two crashes share that are the same failure: the type, and where it happened."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return type(error), *frames[-1:]
