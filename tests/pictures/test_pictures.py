"""The pictures can be taken, and show text in its colours and nothing of the machine. Never how they look."""

import re
from xml.etree import ElementTree

import pyte
import pytest

from tests.pictures.__main__ import DIRECTORY, index, name_of, take
from tests.pictures.painting import paint
from tests.pictures.scenes import SCENES, SIZES
from tests.pictures.sitting import Size, Theme, the_vendor

SVG = "{http://www.w3.org/2000/svg}"
BY_NAME = {scene.name: scene for scene in SCENES}
ALL = [name_of(scene, size, theme) for scene in SCENES for theme in scene.themes for size in SIZES]


@pytest.mark.parametrize(
    ("name", "size", "theme", "words"),
    [
        ("first-run", Size(60, 20), "light", "Who should answer?"),
        ("chat", Size(80, 24), "dark", "Step the clock yourself and count the attempts:"),
    ],
)
def test_picture_is_taken_of_the_real_program(name: str, size: Size, theme: Theme, words: str) -> None:
    with the_vendor() as upstream:
        picture = take(BY_NAME[name], size, theme, upstream)
    shown = [text.text for text in ElementTree.fromstring(picture).iter(f"{SVG}text")]
    assert words in shown
    if name == "chat":
        assert "14:02" in shown


def test_every_picture_is_there_and_none_is_left_over() -> None:
    assert {file.name for file in DIRECTORY.glob("*.svg")} == set(ALL)
    assert (DIRECTORY / "README.md").read_text() == index()


@pytest.mark.parametrize("name", ALL)
def test_committed_picture_fetches_nothing_and_names_no_machine(name: str) -> None:
    picture = (DIRECTORY / name).read_text()
    root = ElementTree.fromstring(picture)
    assert [text.text for text in root.iter(f"{SVG}text")]
    assert not re.search(r"url\(|href|@import|<script|/tmp|/home|127\.0\.0\.1|localhost", picture)
    assert len(picture) < 60_000


def test_readme_shows_a_picture_that_is_there() -> None:
    root = DIRECTORY.parents[1]
    shown = re.findall(r"!\[[^]]+\]\(([^)]+\.svg)\)", (root / "README.md").read_text())
    assert shown
    assert all((root / name).is_file() for name in shown)


def test_cells_become_text_shapes_and_grounds() -> None:
    screen = pyte.Screen(20, 2)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[38;2;1;2;3;48;2;4;5;6m" + " " * 40 + "\x1b[H▌\x1b[1mbold <\x1b[22m  far\x1b[2;1H")
    stream.feed("\x1b[48;2;9;9;9m日本 ok")
    root = ElementTree.fromstring(paint(screen, "a & b"))
    texts = [(text.text, text.get("x"), text.get("class")) for text in root.iter(f"{SVG}text")]
    assert texts == [("bold <", "8.4", "b"), ("far", "75.6", None), ("日本 ok", "0", None)]
    assert {rect.get("fill") for rect in root.iter(f"{SVG}rect")} == {"#040506", "#010203", "#090909"}
    assert root.findtext(f"{SVG}title") == "a & b"


def test_colour_of_the_terminal_is_refused() -> None:
    screen = pyte.Screen(4, 1)
    pyte.Stream(screen).feed("hi")
    with pytest.raises(ValueError, match="terminal's own colour"):
        paint(screen, "")
