"""How a piece of text looks, said by its role: the faces map roles to colours.

No colour and no terminal code stands here, so one line serves every theme and the plain mode.
"""

from dataclasses import dataclass
from typing import Literal

Role = Literal[
    "text",
    "muted",
    "link",
    "code-gutter",
    "code-text",
    "code-keyword",
    "code-string",
    "code-number",
    "code-name",
    "code-comment",
]
"""What a piece of text is. ``link`` is underlined by its style as well, so it needs no colour.

``code-gutter`` is the two empty cells left of code: a face without background colours draws ``│ ``
there, muted."""

Fill = Literal["none", "code"]
"""What lies behind a whole line, over the full width: nothing, or the band of a code block."""


@dataclass(frozen=True, slots=True)
class Style:
    """The look of one segment. Equal styles are interchangeable."""

    role: Role = "text"
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False


PLAIN = Style()
MUTED = Style("muted")
