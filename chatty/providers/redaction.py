"""Makes a vendor's own words fit to show: no key, no prompt, one line, no control characters.

Vendors quote what they were sent. Their text goes to screens, logs and databases, where neither a key nor
somebody's prompt may appear. Pure; it errs on the side of hiding.
"""

import re
from collections.abc import Iterable
from typing import Final

MAX_LENGTH: Final = 300
"""Code points that are kept."""
_WINDOW: Final = 12
"""A run of this many characters that also stands in a prompt is taken for a quotation."""
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
    for prompt in prompts:
        text = _without_quotation(text, prompt)
    return one_line(text)


def without_password(address: str) -> str:
    """Return an address without the name and password that may stand in it, and without its query."""
    place, mark, _ = address.partition("?")
    return re.sub(r"(?<=://)[^\s/@]+@", f"{_HIDDEN}@", place) + (f"?{_HIDDEN}" if mark else "")


def one_line(text: str, max_length: int = MAX_LENGTH) -> str:
    """Return the printable characters on one line, cut at a length."""
    cleaned = "".join(character if character.isprintable() else " " for character in text[: 4 * max_length])
    cleaned = " ".join(cleaned.split())
    return cleaned if len(cleaned) <= max_length else cleaned[: max_length - 1] + _HIDDEN


def _without_quotation(text: str, prompt: str) -> str:
    quoted = prompt.strip()
    if len(quoted) <= _WINDOW:
        return text.replace(quoted, _HIDDEN) if len(quoted) >= 4 else text
    hidden = bytearray(len(text))
    for start in range(len(text) - _WINDOW + 1):
        if text[start : start + _WINDOW] in prompt:
            hidden[start : start + _WINDOW] = b"\1" * _WINDOW
    shown = "".join("\0" if mark else character for character, mark in zip(text, hidden, strict=True))
    return re.sub("\0+", _HIDDEN, shown)
