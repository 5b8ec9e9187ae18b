"""Links lead somewhere, and nothing tells of the machine a page was written on."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import GUIDE, ROOT, anchors, fences_without_a_language, links, pages

MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:work|home|Users|root|tmp|var|mnt|opt|srv)/")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_what_is_there(page: Path) -> None:
    for link in links(page.read_text(encoding="utf-8")):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert target.is_relative_to(ROOT), f"{link} leads out of the project"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{link} names no heading"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_knows_a_machine(page: Path) -> None:
    assert MACHINE_PATH.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", sorted(GUIDE.glob("*.md")), ids=lambda page: page.stem)
def test_every_section_of_the_guide_says_how_it_is_asked_for(page: Path) -> None:
    head, *sections = page.read_text(encoding="utf-8").split("\n## ")
    assert head.startswith("# ")
    for section in sections:
        assert re.match(r".+\n\n<!-- asked as: .+ -->\n\n\S", section), section.partition("\n")[0]


@pytest.mark.parametrize("page", sorted(GUIDE.glob("*.md")), ids=lambda page: page.stem)
def test_code_blocks_name_their_language(page: Path) -> None:
    assert fences_without_a_language(page.read_text(encoding="utf-8")) == []
