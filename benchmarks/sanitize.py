"""How fast foreign text is made safe, against one pass of a regular expression over the same text.

python -m benchmarks.sanitize
"""

import json
import re
import time
from collections.abc import Callable

from benchmarks.report import save
from chatty.rendering.sanitizer import sanitize

LINES = {
    "ascii": "def f(x):  # words and words\n",
    "german": "Der schöne Tag – „Brücken“\n",
    "japanese": "日本語のテキスト\n",
    "hostile": "a\x1b]0;b\x07\x1b[2Jc\u202ed\n",
}
ROUNDS = 25


def best_seconds(work: Callable[[str], object], text: str) -> float:
    """Return the shortest of many runs, in seconds of this thread."""
    times = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        work(text)
        times.append(time.thread_time() - began)
    return min(times)


def main() -> None:
    control = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]").findall
    figures = {}
    for name, line in LINES.items():
        text = line * 10_000
        seconds, bare = best_seconds(sanitize, text), best_seconds(control, text)
        figures[name] = {
            "mb_per_second": round(len(text.encode()) / seconds / 1e6, 1),
            "ratio_to_one_pass": round(seconds / bare, 2),
        }
    print(json.dumps(figures, indent=2))
    save("sanitize", figures)


if __name__ == "__main__":
    main()
