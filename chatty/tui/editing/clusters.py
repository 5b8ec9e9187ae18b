"""Where one visible character ends and the next begins.

A cheap approximation of extended grapheme clusters (Unicode TR 29) that covers what people type: combining
marks, variation selectors, skin tones, joined emoji and flags.
"""

import unicodedata

_JOINER = "\u200d"


def _extends(character: str) -> bool:
    """Whether the character belongs to the one before it."""
    if character < "\u0300":
        return False
    return (
        character == _JOINER
        or "\ufe00" <= character <= "\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or unicodedata.category(character) in ("Mn", "Me", "Mc")
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def next_boundary(text: str, index: int) -> int:
    """The end of the cluster that starts at `index`."""
    if index >= len(text):
        return len(text)
    end = index + 1
    if _is_flag_half(text[index]) and end < len(text) and _is_flag_half(text[end]):
        return end + 1
    while end < len(text) and (_extends(text[end]) or text[end - 1] == _JOINER):
        end += 1
    return end


def previous_boundary(text: str, index: int) -> int:
    """The start of the cluster that ends at `index`."""
    if index <= 0:
        return 0
    start = index - 1
    while start > 0 and (_extends(text[start]) or text[start - 1] == _JOINER):
        start -= 1
    if _is_flag_half(text[start]) and _flag_halves_before(text, start) % 2:
        start -= 1
    return start


def _flag_halves_before(text: str, index: int) -> int:
    count = 0
    while index - count > 0 and _is_flag_half(text[index - count - 1]):
        count += 1
    return count
