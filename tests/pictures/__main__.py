"""Takes the pictures: `python -m tests.pictures [NAME …] [--to DIRECTORY]`."""

import argparse
import sys
import time
from pathlib import Path

from tests.instruments.fake_upstream import FakeUpstream
from tests.pictures.painting import paint
from tests.pictures.scenes import SCENES, SIZES, Scene
from tests.pictures.sitting import Size, Theme, sitting, the_vendor

DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "pictures"

_QUIET_SECONDS = 0.3
"""A frame is whole when nothing followed for this long; what counts seconds writes once in each."""


def take(scene: Scene, size: Size, theme: Theme, upstream: FakeUpstream) -> str:
    """Return the picture of a screen.

    Raises:
        AssertionError: the program did not come to that moment; the message has its screen.
        ValueError: something of this machine is on the screen.
    """
    with sitting(upstream, size, theme) as somebody:
        term = scene.play(somebody)
        term.settle(_QUIET_SECONDS)
        picture = paint(term.screen, f"chatty, {size.columns} by {size.rows} cells: {scene.says}")
        foreign = [somebody.home.locations.config_dir, somebody.home.environ["HOME"], upstream.url]
        for words in foreign:
            if words in term.text:
                raise ValueError(f"{words} is on the screen of {scene.name}")
        return picture


def index() -> str:
    """Return the page that lists the pictures."""
    lines = ["# Pictures", "", "Made by `python -m tests.pictures`, of the program as it is.", ""]
    for scene in SCENES:
        first, *others = [name_of(scene, size, theme) for theme in scene.themes for size in SIZES]
        more = " · ".join(f"[{_short(scene, name)}]({name})" for name in others)
        lines += [f"## {scene.title}", "", f"{scene.says}.", "", f"![{scene.title}]({first})", "", more, ""]
    return "\n".join(lines)


def name_of(scene: Scene, size: Size, theme: Theme) -> str:
    """Return the file's name."""
    return f"{scene.name}-{size}{'-light' if theme == 'light' else ''}.svg"


def _short(scene: Scene, name: str) -> str:
    return name.removeprefix(f"{scene.name}-").removesuffix(".svg")


def main() -> None:
    """Take the pictures that were asked for, and say which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of file names; without any: all pictures")
    parser.add_argument("--to", type=Path, default=DIRECTORY, help="directory to write to")
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    failures = 0
    with the_vendor() as upstream:
        for scene, size, theme in ((s, z, t) for s in SCENES for t in s.themes for z in SIZES):
            name = name_of(scene, size, theme)
            if arguments.names and not name.startswith(tuple(arguments.names)):
                continue
            began = time.monotonic()
            try:
                (arguments.to / name).write_text(take(scene, size, theme, upstream))
                print(f"{name}  {time.monotonic() - began:.1f} s", flush=True)
            except AssertionError as error:
                failures += 1
                print(f"{name} failed: {error}", file=sys.stderr, flush=True)
    (arguments.to / "README.md").write_text(index())
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
