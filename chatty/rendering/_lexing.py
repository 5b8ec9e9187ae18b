"""Pygments behind one door: code in, segments per line out, with the five code roles.

``LineLexer`` drives the rules of Pygments' ``RegexLexer`` itself, because its own loop neither hands
out nor takes up the state between two lines. Lexers of other kinds start afresh on every line.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from pygments.lexer import ExtendedRegexLexer, Lexer, RegexLexer
from pygments.lexers import find_lexer_class, get_all_lexers
from pygments.token import Comment, Error, Generic, Keyword, Name, Number, Operator, String, _TokenType

from chatty.rendering.lines import Segment
from chatty.rendering.style import Style

MAX_COLOURED_LINE = 2_000
"""Characters of a line beyond which it stays plain: some lexers are slow on very long lines."""

_MAX_EMPTY_MATCHES = 40
"""Rules in a row that may match nothing before the driver steps on by itself."""

_PLAIN = Style("code-text")

_Token = tuple[_TokenType, str]
_Action = Callable[[Lexer, re.Match[str]], Iterable[tuple[int, _TokenType, str] | None]]
_Rule = tuple[Callable[[str, int], re.Match[str] | None], _TokenType | _Action | None, object]
_States = dict[str, Sequence[_Rule]]


def find_lexer(language: str) -> Lexer | None:
    """Return the lexer of that name or alias, or nothing. Lexers of other packages are never loaded."""
    name = _names().get(language.lower())
    lexer_class = find_lexer_class(name) if name else None
    return lexer_class(stripnl=False, ensurenl=False) if lexer_class else None


def lex_whole(lexer: Lexer | None, lines: Sequence[str]) -> list[Sequence[Segment]]:
    """Return the segments of each line, the lines lexed together from the lexer's first state."""
    if lexer is None or any(len(line) > MAX_COLOURED_LINE for line in lines):
        return [_plain(line) for line in lines]
    rows: list[list[Segment]] = [[]]
    for _, kind, text in lexer.get_tokens_unprocessed("\n".join(lines)):
        first, *others = text.split("\n")
        style = _style(kind)
        rows[-1].append((first, style))
        rows += [[(other, style)] for other in others]
    return list(rows[: len(lines)])


class LineLexer:
    """Lexes line after line and remembers where it is: inside a string, a comment, a block."""

    __slots__ = ("_lexer", "_stack", "_states")

    def __init__(self, lexer: Lexer | None) -> None:
        self._lexer = lexer
        self._stack: list[str] = ["root"]
        self._states: _States = {}
        if isinstance(lexer, RegexLexer) and not isinstance(lexer, ExtendedRegexLexer):
            self._states = cast("_States", getattr(lexer, "_tokens", {}))

    def feed(self, line: str) -> Sequence[Segment]:
        """Return the segments of the next line."""
        return self._lex(line, self._stack)

    def peek(self, line: str) -> Sequence[Segment]:
        """Return the segments of an unfinished line; the state stays before it."""
        return self._lex(line, list(self._stack))

    def _lex(self, line: str, stack: list[str]) -> Sequence[Segment]:
        if self._lexer is None or len(line) > MAX_COLOURED_LINE:
            return _plain(line)
        if not self._states:
            return lex_whole(self._lexer, [line])[0]
        tokens = _drive(self._lexer, self._states, line + "\n", stack)
        return [(text.rstrip("\n"), _style(kind)) for kind, text in tokens]


def _drive(lexer: Lexer, states: _States, text: str, stack: list[str]) -> Iterator[_Token]:
    """Apply the rules of the states to the text; change ``stack`` as they say."""
    position = empty_matches = 0
    while position < len(text):
        match, action, transition = _first_match(states[stack[-1]], text, position)
        if match is None or empty_matches > _MAX_EMPTY_MATCHES:
            if text[position] == "\n":
                stack[:] = ["root"]  # as RegexLexer does: an unmatched line end starts over
            yield Error, text[position]
            position, empty_matches = position + 1, 0
            continue
        yield from _tokens_of(lexer, match, action)
        _change_state(stack, transition)
        empty_matches = empty_matches + 1 if match.end() == position else 0
        position = match.end()


def _first_match(
    rules: Sequence[_Rule], text: str, position: int
) -> tuple[re.Match[str] | None, _TokenType | _Action | None, object]:
    for matcher, action, transition in rules:
        if match := matcher(text, position):
            return match, action, transition
    return None, None, None


def _tokens_of(lexer: Lexer, match: re.Match[str], action: _TokenType | _Action | None) -> Iterator[_Token]:
    if isinstance(action, _TokenType):
        yield action, match.group()
    elif action is not None:
        yield from ((found[1], found[2]) for found in action(lexer, match) if found is not None)


def _change_state(stack: list[str], transition: object) -> None:
    steps = transition if isinstance(transition, tuple) else (transition,)
    for step in steps:
        match step:
            case None:
                pass
            case int():
                del stack[max(1, len(stack) - abs(step)) :]
            case "#pop":
                del stack[max(1, len(stack) - 1) :]
            case "#push":
                stack.append(stack[-1])
            case _:
                stack.append(str(step))


def _plain(line: str) -> Sequence[Segment]:
    return [(line, _PLAIN)]


@functools.cache
def _names() -> dict[str, str]:
    """Return every alias in lower case with the lexer's name; Pygments' own lexers only."""
    names: dict[str, str] = {}
    for name, aliases, _, _ in get_all_lexers(plugins=False):
        for alias in (*aliases, name):
            names.setdefault(alias.lower(), name)
    return names


_KEYWORD, _STRING, _NUMBER, _NAME = (
    Style("code-keyword"),
    Style("code-string"),
    Style("code-number"),
    Style("code-name"),
)
_STYLES: dict[_TokenType, Style] = {
    Comment: Style("code-comment", italic=True),
    Keyword: _KEYWORD,
    Keyword.Constant: _NUMBER,
    Operator.Word: _KEYWORD,
    String: _STRING,
    Number: _NUMBER,
    Name.Function: _NAME,
    Name.Class: _NAME,
    Name.Builtin: _NAME,
    Name.Builtin.Pseudo: _KEYWORD,
    Name.Decorator: _NAME,
    Name.Exception: _NAME,
    Name.Tag: _NAME,
    Generic.Inserted: _STRING,
    Generic.Deleted: _NUMBER,
    Generic.Heading: _KEYWORD,
    Generic.Subheading: _KEYWORD,
    Generic.Prompt: _KEYWORD,
}


@functools.cache
def _style(kind: _TokenType) -> Style:
    """Return the style of the nearest kind above that has one; the kinds are Pygments' own, a few hundred."""
    while kind.parent is not None:
        if kind in _STYLES:
            return _STYLES[kind]
        kind = kind.parent
    return _PLAIN
