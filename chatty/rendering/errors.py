"""Errors of the rendering package.

RenderingError
├── GuardRefused
└── LinkRefused
"""


class RenderingError(Exception):
    """Parent of what this package raises."""


class GuardRefused(RenderingError):
    """A sequence that may never be announced to the guard, or is too long for it."""


class LinkRefused(RenderingError):
    """The link is not one that may be opened.

    Attributes:
        scheme: the scheme of the link in lower case, sanitised and cut; empty if it has none.
    """

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        super().__init__(f"links of the kind {scheme!r} are not opened" if scheme else "not a full link")
