"""What is asked and answered on the pictures. The answers are scripts of the vendor, by question."""

from collections.abc import Iterator

from tests.instruments.upstream_scripts import (
    Hang,
    Script,
    Send,
    Step,
    chunk,
    error_script,
    event,
    reply_script,
)

MODEL = "gpt-5.2"
MODELS = (MODEL, "gpt-5-mini", "gpt-5-nano", "gpt-4.1")

FLAKY = "Why does test_retry fail one time in ten?"
FLAKY_ANSWER = """\
The retry loop reads the clock twice: once for the deadline, once for the sleep. When the second read falls \
in the next tick, the loop sleeps past its own deadline and the test sees four attempts, not five.

```python
deadline = clock() + timeout      # read once
while (now := clock()) < deadline:
    if attempt():
        return True
    sleep(min(delay, deadline - now))
```

Use one reading per turn, and cap the sleep by what is left. `conftest.py` already has a fake clock, so the \
test can step it by hand.
"""

PLAN = "How would you test it, then?"
PLAN_ANSWER = """\
Step the clock yourself and count the attempts:

1. give the fixture **function scope**,
2. move the clock by `delay` before each attempt,
3. assert on the attempts, not on the time.

| case | timeout | attempts |
| --- | ---: | ---: |
| no delay | 5 s | 5 |
| delay as long as the timeout | 5 s | 1 |
| first attempt succeeds | 5 s | 1 |
"""

EXPLAIN = "Explain what a lease is, from the beginning"
_LEASE = """\
A lease is a promise with an end. Whoever holds it may act, and need not ask again until it runs out. If the \
holder dies, nobody has to find out: the promise ends by itself.

## Why not a lock

A lock ends when its holder says so. A holder that was killed says nothing, so a lock needs somebody who \
decides that it is dead, and that somebody can be wrong.

## What it costs

- A clock on both sides, which need not agree on the time, only on how long a second is.
- Renewals, several for each lease, so that one lost packet costs nothing.
- A wait: after a death the work stands still until the lease has run out.

## Who renews

The holder, and only while it works. A thread that renews on its own keeps the lease of a hung \
program. So the work itself says that it is alive, at each step that it takes.

## Choosing the length

Short leases notice a death soon and cost many renewals. Long ones are the other way about. Ten seconds is a \
good beginning for work that somebody awaits.
"""
_MORE = "\n" + "".join(
    f"{number}. {words}\n"
    for number, words in enumerate(
        (
            "Renew at a third of the length.",
            "Stop acting before the end, not at it.",
            "Give every lease a number that grows.",
            "Let the store refuse a smaller number.",
            "Write down who held it last.",
            "Never extend a lease that has ended.",
        ),
        1,
    )
)

SUMMARY = "Summarise the incident of Tuesday for people who were not there"
SUMMARY_START = """\
At 09:12 the queue stopped taking work. Nothing was lost: messages waited on disk, and the first of them was \
delivered again at 09:31.

The cause was a certificate that ran out over night. The check that should have warned"""

BUSY = "Translate the release notes into plain words"
DENIED = "Is the build green?"

SECONDS_TO_SCROLL = 2.5
"""How long the vendor waits with the rest of a long answer, until somebody has scrolled up."""


def answers() -> dict[str, Script]:
    """What the vendor says, by the last thing it was asked."""
    return {
        FLAKY: _whole(FLAKY_ANSWER, input_tokens=1_240),
        PLAN: _whole(PLAN_ANSWER, input_tokens=1_610),
        EXPLAIN: Script(steps=(*_first(_LEASE), *_later(_MORE), Hang())),
        SUMMARY: Script(steps=(*_first(SUMMARY_START), Hang())),
        BUSY: error_script(503, "The engine is currently overloaded, please try again later."),
        DENIED: error_script(401, "Incorrect API key provided.", code="invalid_api_key"),
    }


def _whole(text: str, input_tokens: int) -> Script:
    return reply_script(MODEL, _pieces(text), input_tokens=input_tokens)


def _first(text: str) -> Iterator[Step]:
    yield Send(event(chunk(MODEL, {"role": "assistant", "content": ""})))
    for piece in _pieces(text):
        yield Send(event(chunk(MODEL, {"content": piece})))


def _later(text: str) -> Iterator[Step]:
    for number, piece in enumerate(_pieces(text)):
        yield Send(event(chunk(MODEL, {"content": piece})), 0 if number else SECONDS_TO_SCROLL)


def _pieces(text: str) -> list[str]:
    """Four characters each, as models send about that much."""
    return [text[start : start + 4] for start in range(0, len(text), 4)]
