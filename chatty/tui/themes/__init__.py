"""The colour themes, and the one place that lists them.

A theme is a set of Textual variables; `palette.py` turns them into the styles of text roles.
"""

from chatty.tui.themes.choosing import AUTO, can_be_asked, theme_for
from chatty.tui.themes.colours import CHATTY_DARK, CHATTY_LIGHT, VARIABLE_DEFAULTS
from chatty.tui.themes.terminal import NO_COLOUR, TERMINAL_DARK, TERMINAL_LIGHT

THEMES = (CHATTY_DARK, CHATTY_LIGHT, TERMINAL_DARK, TERMINAL_LIGHT, NO_COLOUR)

__all__ = [
    "AUTO",
    "CHATTY_DARK",
    "CHATTY_LIGHT",
    "NO_COLOUR",
    "TERMINAL_DARK",
    "TERMINAL_LIGHT",
    "THEMES",
    "VARIABLE_DEFAULTS",
    "can_be_asked",
    "theme_for",
]
