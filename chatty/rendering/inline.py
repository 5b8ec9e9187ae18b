"""The inline part of Markdown: the content of one paragraph, heading or cell as segments.

Whatever the parser makes of the text is sanitised again here, because character references such as
``&#x202E;`` only become characters in the parser. Links keep their text and show their true host;
images are a line of text and never fetched; raw HTML is text.
"""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatty.rendering.lines import Segment
from chatty.rendering.links import is_openable, link_suffix
from chatty.rendering.sanitizer import StreamSanitizer, sanitize
from chatty.rendering.style import MUTED, PLAIN, Style

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_BRACKETS = 400
"""Opening brackets in one paragraph beyond which it is shown as plain text: looking for the link
each may begin costs the square of their number."""

_BARE_URL = re.compile(r"https?://[^\s<>\"'`‹›]*[^\s<>\"'`‹›.,;:!?*_~)\]]")
_LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
"""The only HTML that is more than text: models write it where Markdown has no line break, in cells."""

_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){1,999})\]")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a text, in reading order."""

    text: str
    """What is visible."""
    href: str
    """Where it leads; ``links.is_openable`` says whether it may be opened."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of one paragraph, heading or cell. Hard line breaks are newlines in the segments."""

    segments: tuple[Segment, ...]
    links: tuple[Link, ...] = ()


class InlineParser:
    """Makes segments of inline Markdown, with the link definitions known so far."""

    __slots__ = ("_env", "_parser")

    def __init__(self, parser: "MarkdownIt", references: MutableMapping[str, object]) -> None:
        self._parser = parser
        self._env: MutableMapping[str, object] = {"references": references}

    def parse(self, text: str, base: Style = PLAIN) -> Content:
        """Return the content, every look on top of ``base``."""
        if text.count("[") > MAX_BRACKETS:
            return Content(((sanitize(text), base),))
        tokens: list[Token] = []
        self._parser.inline.parse(text, self._parser, self._env, tokens)
        builder = _Builder(base)
        builder.add(tokens)
        return builder.content()


def labels(text: str) -> Iterator[str]:
    """Yield what in this text may name a link definition, as definitions are looked up."""
    from markdown_it.common.utils import normalizeReference

    for match in _LABEL.finditer(text):
        yield normalizeReference(match.group(1))


class _Builder:
    """Collects segments while it walks the tokens of one content."""

    def __init__(self, base: Style) -> None:
        self._styles = [base]
        self._segments: list[Segment] = []
        self._links: list[Link] = []
        self._open_links: list[tuple[str, int]] = []
        self._sanitizer = StreamSanitizer()

    def content(self) -> Content:
        rest = self._sanitizer.finish()
        if rest:
            self._segments.append((rest, self._styles[-1]))
        return Content(tuple(self._segments), tuple(self._links))

    def add(self, tokens: "Sequence[Token]") -> None:
        for token in tokens:
            self._add_token(token)

    def _add_token(self, token: "Token") -> None:
        match token.type:
            case "text" | "text_special":
                self._add_rows(token.content)
            case "softbreak":
                self._write(" ")
            case "hardbreak":
                self._write("\n", keep_newlines=True)
            case "code_inline":
                self._write(token.content, replace(self._styles[-1], role="code-name"))
            case "em_open":
                self._styles.append(replace(self._styles[-1], italic=True))
            case "strong_open":
                self._styles.append(replace(self._styles[-1], bold=True))
            case "s_open":
                self._styles.append(replace(self._styles[-1], strike=True))
            case "em_close" | "strong_close" | "s_close":
                self._styles.pop()
            case "link_open":
                self._open_link(str(token.attrs.get("href", "")))
            case "link_close":
                self._close_link()
            case "image":
                self._add_image(token)
            case _:
                self._write(token.content)

    def _write(self, text: str, style: Style | None = None, *, keep_newlines: bool = False) -> None:
        if not keep_newlines:
            text = text.replace("\r", " ").replace("\n", " ").replace("\t", " ")
        clean = self._sanitizer.feed(text)
        if not keep_newlines and "\n" in clean:
            clean = clean.replace("\n", " ")
        if clean:
            self._segments.append((clean, style or self._styles[-1]))

    def _add_rows(self, text: str) -> None:
        if "<" not in text:
            self._add_text(text)
            return
        first, *others = _LINE_BREAK.split(text)
        self._add_text(first)
        for other in others:
            self._write("\n", keep_newlines=True)
            self._add_text(other)

    def _add_text(self, text: str) -> None:
        if self._open_links or "://" not in text:
            self._write(text)
            return
        position = 0
        for match in _BARE_URL.finditer(text):
            self._write(text[position : match.start()])
            self._add_bare_url(match.group())
            position = match.end()
        self._write(text[position:])

    def _add_bare_url(self, url: str) -> None:
        if not is_openable(url):
            self._write(url)
            return
        self._open_link(url)
        self._write(url)
        self._close_link()

    def _open_link(self, href: str) -> None:
        style = replace(self._styles[-1], role="link", underline=True)
        self._styles.append(style if is_openable(href) else self._styles[-1])
        self._open_links.append((href, len(self._segments)))

    def _close_link(self) -> None:
        self._styles.pop()
        href, start = self._open_links.pop()
        text = "".join(text for text, _ in self._segments[start:])
        self._links.append(Link(text, href))
        self._write(link_suffix(text, href), MUTED)

    def _add_image(self, token: "Token") -> None:
        text = f"image: {token.content or 'no description'}"
        self._write(text, MUTED)
        self._write(link_suffix("", str(token.attrs.get("src", ""))), MUTED)
