"""The colour themes, and the one place that lists them.

A theme is a set of Textual variables; `palette.py` turns them into the styles of text roles.
"""

from collections.abc import Mapping

from textual.theme import Theme

from chatty.rendering.ansi import detect_depth
from chatty.tui.themes.choosing import AUTO, can_be_asked, theme_for
from chatty.tui.themes.colours import (
    CHATTY_DARK,
    CHATTY_DARK_256,
    CHATTY_LIGHT,
    CHATTY_LIGHT_256,
    VARIABLE_DEFAULTS,
)
from chatty.tui.themes.terminal import NO_COLOUR, TERMINAL_DARK, TERMINAL_LIGHT

THEMES = (CHATTY_DARK, CHATTY_LIGHT, TERMINAL_DARK, TERMINAL_LIGHT, NO_COLOUR)
"""One of each name, in true colour where it has colours of its own."""


def themes_in(environ: Mapping[str, str]) -> tuple[Theme, ...]:
    """Return the themes as this terminal can show them."""
    if detect_depth(environ, is_terminal=True) != "256":
        return THEMES
    return (CHATTY_DARK_256, CHATTY_LIGHT_256, *THEMES[2:])


__all__ = [
    "AUTO",
    "CHATTY_DARK",
    "CHATTY_DARK_256",
    "CHATTY_LIGHT",
    "CHATTY_LIGHT_256",
    "NO_COLOUR",
    "TERMINAL_DARK",
    "TERMINAL_LIGHT",
    "THEMES",
    "VARIABLE_DEFAULTS",
    "can_be_asked",
    "theme_for",
    "themes_in",
]
