"""Every theme can be read: contrast by WCAG 2.2, and what stands in for colour where there is none."""

from itertools import product

import pytest
from rich.color import Color, ColorSystem
from textual.theme import Theme

from chatty.tui.palette import Palette
from chatty.tui.themes import (
    CHATTY_DARK,
    CHATTY_DARK_256,
    CHATTY_LIGHT,
    CHATTY_LIGHT_256,
    NO_COLOUR,
    TERMINAL_DARK,
    TERMINAL_LIGHT,
    THEMES,
    themes_in,
)

COARSE = [CHATTY_DARK_256, CHATTY_LIGHT_256]
COLOURED = [CHATTY_DARK, CHATTY_LIGHT, *COARSE]
GROUNDS = ["page", "surface", "cursor", "menu"]
STATES = ["muted", "primary", "accent", "secondary", "warning", "error", "success"]
CODE = ["code-keyword", "code-string", "code-number", "code-name", "code-comment"]


def _name(value: object) -> str:
    return value.name if isinstance(value, Theme) else str(value)


def palette(theme: Theme) -> Palette:
    variables = {**theme.to_color_system().generate(), **theme.variables}
    return Palette(variables, terminal_colours=theme.ansi)


def ratio(theme: Theme, role: str, ground: str) -> float:
    style = palette(theme).style(role, ground)
    assert style.color is not None
    assert style.bgcolor is not None
    lighter, darker = sorted(map(luminance, as_shown(theme, style.color, style.bgcolor)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def as_shown(theme: Theme, *colors: Color) -> list[Color]:
    """The colours as they come to the terminal: of 256, what is written for them."""
    return [color.downgrade(ColorSystem.EIGHT_BIT) for color in colors] if theme in COARSE else list(colors)


def luminance(color: Color) -> float:
    """Relative luminance of WCAG 2.2, 0 to 1."""
    parts = [value / 255 for value in color.get_truecolor()]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("theme", "ground"), list(product(COLOURED, [*GROUNDS, "selection"])), ids=_name)
def test_body_text_is_seven_to_one(theme: Theme, ground: str) -> None:
    assert ratio(theme, "text", ground) >= 7


@pytest.mark.parametrize(("theme", "role", "ground"), list(product(COLOURED, STATES, GROUNDS)), ids=_name)
def test_muted_and_states_are_four_and_a_half_to_one(theme: Theme, role: str, ground: str) -> None:
    assert ratio(theme, role, ground) >= 4.5


@pytest.mark.parametrize(
    ("theme", "role", "ground"), list(product(COLOURED, CODE, ["page", "code"])), ids=str
)
def test_code_is_four_and_a_half_to_one(theme: Theme, role: str, ground: str) -> None:
    assert ratio(theme, role, ground) >= 4.5


@pytest.mark.parametrize("theme", COLOURED, ids=_name)
def test_letter_under_the_caret_is_readable(theme: Theme) -> None:
    assert ratio(theme, "text", "caret") >= 7


@pytest.mark.parametrize("theme", [TERMINAL_DARK, TERMINAL_LIGHT, NO_COLOUR], ids=_name)
def test_terminal_themes_say_by_weight_what_they_cannot_by_tint(theme: Theme) -> None:
    styles = palette(theme)
    assert styles.style("muted").dim
    assert styles.style("text", "cursor").reverse
    assert styles.style("text", "surface").bgcolor is None


@pytest.mark.parametrize("theme", [TERMINAL_DARK, TERMINAL_LIGHT], ids=_name)
def test_sixteen_colours_never_use_bright_black(theme: Theme) -> None:
    values = {theme.primary, theme.secondary, theme.accent, theme.warning, theme.error, theme.success}
    assert "ansi_bright_black" not in values | set(theme.variables.values())


@pytest.mark.parametrize(
    ("role", "ground"), list(product(["text", *STATES, *CODE], [*GROUNDS, "code", "caret"]))
)
def test_theme_without_colour_writes_none(role: str, ground: str) -> None:
    style = palette(NO_COLOUR).style(role, ground)
    assert (style.color, style.bgcolor) == (None, None)


def test_every_theme_sets_our_variables() -> None:
    for theme in THEMES:
        assert {"hair", "code-bg", "cursor-tint"} <= set(theme.variables), theme.name


def test_in_256_colours_tints_are_greys_or_blue_and_differ() -> None:
    for theme in COARSE:
        styles = palette(theme)
        grounds = [styles.style("text", ground).bgcolor for ground in GROUNDS]
        shown = [color.get_truecolor() for color in as_shown(theme, *filter(None, grounds))]
        assert len(set(shown)) == len(GROUNDS)
        assert all(red == green <= blue for red, green, blue in shown)


def test_terminal_with_256_colours_gets_themes_made_of_them() -> None:
    coarse = themes_in({"TERM": "xterm-256color"})
    assert coarse[:2] == tuple(COARSE)
    assert [theme.name for theme in coarse] == [theme.name for theme in THEMES]
    assert themes_in({"TERM": "xterm-256color", "COLORTERM": "truecolor"}) == THEMES
