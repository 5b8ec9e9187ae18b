"""Lets the pictured programs live at another time, so that a picture taken again shows the same one.

Python imports this by its name where it finds it on PYTHONPATH. Only the wall clock is moved: it goes on
running, and waits and durations, which use other clocks, stay as they are.
"""

import os
import time


def _shift(seconds: int) -> None:
    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + seconds
    time.time_ns = lambda: real_ns() + seconds * 1_000_000_000


if _ahead := os.environ.get("PYTHONPICTUREDAHEAD"):
    _shift(int(_ahead))
