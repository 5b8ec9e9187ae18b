"""The two true-colour themes, one dark and one light.

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

VARIABLE_DEFAULTS = {
    "hair": "ansi_default",
    "code-bg": "ansi_default",
    "cursor-tint": "ansi_default",
}
"""Values for our own variables under themes that do not set them, so that the stylesheets always parse."""
