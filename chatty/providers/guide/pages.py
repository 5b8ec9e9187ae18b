"""The documentation the guide answers from, cut into sections.

Reads the Markdown files that lie in the wheel beside this module, or in `docs/guide` of a source checkout.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_ASKED_AS = re.compile(r"<!-- asked as: (.*?) -->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Section:
    """What one heading of the second level covers."""

    page: str
    """The page's file name without its ending, such as `models-and-keys`."""
    page_title: str
    title: str
    asked_as: str
    """Words of people who look for it: a comment under the heading, for the search and not for the eye."""
    text: str
    """Markdown, without the heading and the comment."""


def pages_folder() -> Path:
    """Return where the pages are. Raises `FileNotFoundError` in a broken installation."""
    shipped = Path(__file__).parent / "pages"
    checkout = Path(__file__).parents[3] / "docs" / "guide"
    for folder in (shipped, checkout):
        if folder.is_dir():
            return folder
    raise FileNotFoundError("the guide's pages are missing from this installation")


def read_sections(folder: Path) -> Sequence[Section]:
    """Return all sections of all pages, in the order of the file names."""
    return [section for path in sorted(folder.glob("*.md")) for section in _sections_of(path)]


def _sections_of(path: Path) -> Iterator[Section]:
    head, *parts = path.read_text(encoding="utf-8").split("\n## ")
    page_title = head.removeprefix("# ").partition("\n")[0].strip()
    for part in parts:
        title, _, text = part.partition("\n")
        asked_as = _ASKED_AS.search(text)
        yield Section(
            page=path.stem,
            page_title=page_title,
            title=title.strip(),
            asked_as=asked_as[1] if asked_as else "",
            text=_ASKED_AS.sub("", text).strip(),
        )
