"""Makes a vendor's own words fit to show: no key, no prompt, one line, no control characters.

Vendors quote what they were sent. Their text goes to screens, logs and databases, where neither a key nor
somebody's prompt may appear. Pure; it errs on the side of hiding.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

MAX_LENGTH: Final = 300
"""Code points that are kept."""
_WINDOW: Final = 12
"""A run of this many characters that also stands in a prompt is taken for a quotation."""
_END: Final = 4 << 10
_EXAMINED: Final = 128 << 10
"""How much of each end of a prompt, and of all prompts together, is compared: some 20 ms of it."""
_HIDDEN: Final = "…"

_LOOKS_SECRET = re.compile(
    r"(?i)\bbearer\s+\S+"
    r"|\b(?:sk|pk|rk|gsk|xai|key|api[-_]key)[-_][\w*.-]{4,}"
    r"|\b(?=\w*\d)(?=\w*[a-z])\w{32,}\b"
    r"|(?<=://)[^\s/@]+@"
)


def redacted(text: str, *, secrets: Iterable[str] = (), prompts: Iterable[str] = ()) -> str:
    """Return the text without the secrets, without anything shaped like one, and without quoted prompts."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, _HIDDEN)
    text = _LOOKS_SECRET.sub(_HIDDEN, text[: 4 * MAX_LENGTH])
    text = text[: 2 * MAX_LENGTH]
    quotable = [quoted for prompt in prompts if (quoted := prompt.strip())]
    for quoted in quotable:
        if 4 <= len(quoted) < _WINDOW:
            text = text.replace(quoted, _HIDDEN)
    return one_line(_without_quotations(text, quotable))


def without_password(address: str) -> str:
    """Return an address without the name and password that may stand in it, and without its query."""
    place, mark, _ = address.partition("?")
    return re.sub(r"(?<=://)[^\s/@]+@", f"{_HIDDEN}@", place) + (f"?{_HIDDEN}" if mark else "")


def one_line(text: str, max_length: int = MAX_LENGTH) -> str:
    """Return the printable characters on one line, cut at a length."""
    cleaned = "".join(character if character.isprintable() else " " for character in text[: 4 * max_length])
    cleaned = " ".join(cleaned.split())
    return cleaned if len(cleaned) <= max_length else cleaned[: max_length - 1] + _HIDDEN


def _without_quotations(text: str, prompts: Sequence[str]) -> str:
    starts: dict[str, list[int]] = {}
    for start in range(len(text) - _WINDOW + 1):
        starts.setdefault(text[start : start + _WINDOW], []).append(start)
    hidden = bytearray(len(text))
    # The text is short and prompts may be books, so it is theirs that is walked through, and not all of it.
    for excerpt in _excerpts(prompts):
        for position in range(len(excerpt) - _WINDOW + 1):
            for start in starts.get(excerpt[position : position + _WINDOW], ()):
                hidden[start : start + _WINDOW] = b"\1" * _WINDOW
    shown = "".join("\0" if mark else character for character, mark in zip(text, hidden, strict=True))
    return re.sub("\0+", _HIDDEN, shown)


def _excerpts(prompts: Sequence[str]) -> Iterator[str]:
    """Iterate over what vendors quote: beginnings and ends, of the newest messages first."""
    left = _EXAMINED
    for prompt in reversed(prompts):
        for excerpt in (prompt,) if len(prompt) <= 2 * _END else (prompt[:_END], prompt[-_END:]):
            yield excerpt[:left]
            left -= len(excerpt)
            if left <= 0:
                return
