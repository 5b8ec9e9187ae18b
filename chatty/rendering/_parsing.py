"""markdown-it behind one door. Importing this module loads it: 45 ms, at the first text drawn."""

from collections.abc import Iterator, MutableMapping

from markdown_it import MarkdownIt
from markdown_it.token import Token

DEEPEST = 38
"""Level of nested lists and quotes from which on a block is shown as its source."""


class _Parser(MarkdownIt):
    """CommonMark with tables and strike-through; raw HTML is text."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "maxNesting": DEEPEST + 2})
        self.enable(["table", "strikethrough"])
        self.disable(["html_block", "html_inline"])

    def validateLink(self, url: str) -> bool:
        """Accept every link: one that may not be opened is shown with its target, not hidden as text."""
        return True


class References(dict[str, object]):
    """The link definitions of a text by normalised name; the first of a name holds."""

    def __init__(self) -> None:
        super().__init__()
        self._fresh: list[str] = []

    def __setitem__(self, name: str, definition: object) -> None:
        super().__setitem__(name, definition)
        self._fresh.append(name)

    def take_fresh(self) -> list[str]:
        """Return the names defined since the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh


def make_parser() -> MarkdownIt:
    """Return a parser. It keeps no state between texts."""
    return _Parser()


def parse_blocks(parser: MarkdownIt, text: str, references: MutableMapping[str, object]) -> list[Token]:
    """Return the block tokens, inline content unparsed; link definitions go into ``references``."""
    tokens: list[Token] = []
    parser.block.parse(text, parser, {"references": references}, tokens)
    return tokens


def top_level(tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each top-level block."""
    yield from _groups(tokens, 0)


def items(tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each item of a list's tokens."""
    yield from _groups(tokens[1:-1], 1)


def _groups(tokens: list[Token], level: int) -> Iterator[list[Token]]:
    start = 0
    for index, token in enumerate(tokens):
        if token.level == level and token.nesting <= 0:
            yield tokens[start : index + 1]
            start = index + 1
