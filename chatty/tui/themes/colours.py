"""The two themes of colours, one dark and one light: in true colour, and in the 256 that some terminals have.

Every figure here is held to the contrast limits in `tests/tui/themes/test_contrast.py`.
"""

from textual.theme import Theme


def _colours(name: str, *, dark: bool, table: dict[str, str]) -> Theme:
    """Build a theme from one column of the colour table (`background`, `primary`, `code-name` …)."""
    return Theme(
        name=name,
        dark=dark,
        primary=table["primary"],
        secondary=table["secondary"],
        accent=table["accent"],
        warning=table["warning"],
        error=table["error"],
        success=table["success"],
        foreground=table["foreground"],
        background=table["background"],
        surface=table["surface"],
        panel=table["panel"],
        variables={
            # Textual writes `text` as near-white or near-black: code would then be brighter than prose.
            "text": table["foreground"],
            "text-muted": table["text-muted"],
            "border": table["primary"],
            "border-blurred": table["border-blurred"],
            "scrollbar": table["border-blurred"],
            "scrollbar-hover": table["border-blurred"],
            "scrollbar-active": table["primary"],
            "scrollbar-background": table["background"],
            "scrollbar-background-hover": table["background"],
            "scrollbar-background-active": table["background"],
            "scrollbar-corner-color": table["background"],
            "hair": table["hair"],
            "code-bg": table["surface"],
            "cursor-tint": table["cursor-tint"],
            "block-cursor-background": table["cursor-tint"],
            "block-cursor-blurred-background": table["cursor-tint"],
            "block-cursor-foreground": table["foreground"],
            "block-cursor-blurred-foreground": table["foreground"],
            "screen-selection-background": table["selection"],
            "screen-selection-foreground": table["foreground"],
            **{key: value for key, value in table.items() if key.startswith("code-")},
        },
    )


CHATTY_DARK = _colours(
    "chatty-dark",
    dark=True,
    table={
        "background": "#15171c",
        "foreground": "#d9dce3",
        "surface": "#1c1f26",
        "panel": "#262a33",
        "text-muted": "#98a0ae",
        "primary": "#7fb0f5",
        "accent": "#6fc7b6",
        "secondary": "#9aa5b8",
        "warning": "#e2b86b",
        "error": "#f08080",
        "success": "#96c988",
        "border-blurred": "#3a404c",
        "hair": "#2d323c",
        "cursor-tint": "#2b3546",
        "selection": "#35445d",
        "code-keyword": "#a9bdf0",
        "code-string": "#a3c9a0",
        "code-number": "#deb887",
        "code-name": "#8fc7d9",
        "code-comment": "#8a93a2",
    },
)

CHATTY_LIGHT = _colours(
    "chatty-light",
    dark=False,
    table={
        "background": "#fbfaf8",
        "foreground": "#23262d",
        "surface": "#f1efeb",
        "panel": "#e5e2dc",
        "text-muted": "#5d636e",
        "primary": "#1d5bb5",
        "accent": "#0b6b61",
        "secondary": "#5b6472",
        "warning": "#805300",
        "error": "#b3261e",
        "success": "#2c6e31",
        "border-blurred": "#c3beb4",
        "hair": "#dcd8d0",
        "cursor-tint": "#dbe5f5",
        "selection": "#bfd3f2",
        "code-keyword": "#3b4fa8",
        "code-string": "#2f6b33",
        "code-number": "#8a5200",
        "code-name": "#0b6170",
        "code-comment": "#646a75",
    },
)

CHATTY_DARK_256 = _colours(
    "chatty-dark",
    dark=True,
    table={
        "background": "#121212",
        "foreground": "#e4e4e4",
        "surface": "#1c1c1c",
        "panel": "#303030",
        "text-muted": "#b2b2b2",
        "primary": "#87afff",
        "accent": "#5fd7af",
        "secondary": "#b2b2b2",
        "warning": "#d7af5f",
        "error": "#ff8787",
        "success": "#87d787",
        "border-blurred": "#444444",
        "hair": "#303030",
        "cursor-tint": "#3a3a3a",
        "selection": "#3a3a3a",
        "code-keyword": "#afafff",
        "code-string": "#afd7af",
        "code-number": "#d7af87",
        "code-name": "#87d7d7",
        "code-comment": "#949494",
    },
)
"""The nearest of the 256 to the true colours would be teal for the cursor's grey, and black for a surface."""

CHATTY_LIGHT_256 = _colours(
    "chatty-light",
    dark=False,
    table={
        "background": "#ffffff",
        "foreground": "#262626",
        "surface": "#f5f5f5",
        "panel": "#ebebeb",
        "text-muted": "#585858",
        "primary": "#005faf",
        "accent": "#005f5f",
        "secondary": "#585858",
        "warning": "#5f5f00",
        "error": "#af0000",
        "success": "#005f00",
        "border-blurred": "#c2c2c2",
        "hair": "#e0e0e0",
        "cursor-tint": "#d7d7ff",
        "selection": "#afd7ff",
        "code-keyword": "#5f5faf",
        "code-string": "#005f00",
        "code-number": "#875f00",
        "code-name": "#005f5f",
        "code-comment": "#626262",
    },
)
"""Here the warm greys would be yellow. Light greys come out one step darker than they stand here."""

VARIABLE_DEFAULTS = {
    "hair": "ansi_default",
    "code-bg": "ansi_default",
    "cursor-tint": "ansi_default",
}
"""Values for our own variables under themes that do not set them, so that the stylesheets always parse."""
