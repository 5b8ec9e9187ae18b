"""The Markdown files that people read: their commands, their links, and the anchors of their headings.

It reads text and knows no command. Fenced blocks are taken out before links are looked for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"(?:^|[\s|;&(]|\.venv/bin/)chatty(?P<words>(?:[ \t][^\n|;&)]*)?)(?=$|[\n|;&)])")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_SHELL_LANGUAGES = ("sh", "bash")


@dataclass(frozen=True, slots=True)
class Command:
    """A call of `chatty` that a page shows."""

    page: str
    words: tuple[str, ...]
    """What stands behind `chatty`; what was quoted is `TEXT`."""

    def __str__(self) -> str:
        return f"{self.page}: chatty {' '.join(self.words)}"


def pages() -> Sequence[Path]:
    """Return every Markdown file of the project, in order."""
    top = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    return [*top, *sorted((ROOT / "docs").rglob("*.md"))]


def shell_lines(text: str) -> Iterator[str]:
    """Yield the lines of the fenced shell blocks, without their comments."""
    for block in _FENCE.finditer(text):
        if block["language"] in _SHELL_LANGUAGES:
            yield from (line.split("  #", 1)[0] for line in block["body"].splitlines())


def python_programs(path: Path) -> list[str]:
    """Return the fenced Python blocks of a page; each is a whole program."""
    blocks = _FENCE.finditer(path.read_text(encoding="utf-8"))
    return [block["body"] for block in blocks if block["language"] == "python"]


def inline_code(text: str) -> Iterator[str]:
    """Yield what stands between single backticks in running text."""
    yield from _INLINE.findall(_FENCE.sub("", text))


def fences_without_a_language(text: str) -> list[str]:
    """Return the blocks whose language is not named, so that nobody can tell commands from output."""
    return [block["body"] for block in _FENCE.finditer(text) if not block["language"]]


def commands(path: Path) -> Iterator[Command]:
    """Yield every call of `chatty` in the shell blocks and the inline code of a page."""
    text = path.read_text(encoding="utf-8")
    for code in [*shell_lines(text), *inline_code(text)]:
        for found in _COMMAND.finditer(_QUOTED.sub("TEXT", code)):
            yield Command(path.name, tuple(word.rstrip(".,") for word in found["words"].split()))


def links(text: str) -> Iterator[str]:
    """Yield the targets of the links outside code."""
    yield from _LINK.findall(_INLINE.sub("", _FENCE.sub("", text)))


def anchors(text: str) -> set[str]:
    """Return what `#…` may name in a page: its headings as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
