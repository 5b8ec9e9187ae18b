"""The themes that leave the colours to the terminal: its own sixteen, or none at all.

Tints are transparent here, muted text is dim, and the cursor row is reversed (`palette.py` knows how).
"""

from textual.theme import Theme


def _default_everywhere(*, border: str, blurred: str, scrollbar: str) -> dict[str, str]:
    """Variables under which nothing but frames and the scrollbar has a colour."""
    plain = "ansi_default"
    return {
        # Textual's own stylesheet names these two under every theme of the terminal's colours.
        "ansi-background": plain,
        "ansi-foreground": plain,
        "text": plain,
        "text-muted": plain,
        "border": border,
        "border-blurred": blurred,
        "scrollbar": scrollbar,
        "scrollbar-hover": scrollbar,
        "scrollbar-active": scrollbar,
        "scrollbar-background": plain,
        "scrollbar-background-hover": plain,
        "scrollbar-background-active": plain,
        "scrollbar-corner-color": plain,
        "hair": plain,
        "code-bg": plain,
        "cursor-tint": plain,
        "block-cursor-foreground": plain,
        "block-cursor-background": plain,
        "screen-selection-background": plain,
        "screen-selection-foreground": plain,
    }


def _sixteen(name: str, *, dark: bool) -> Theme:
    """A theme of the terminal's palette; never bright black, which many palettes make unreadable."""
    return Theme(
        name=name,
        dark=dark,
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        accent="ansi_green" if dark else "ansi_magenta",
        warning="ansi_yellow" if dark else "ansi_red",
        error="ansi_red",
        success="ansi_green",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables=_default_everywhere(border="ansi_blue", blurred="ansi_default", scrollbar="ansi_blue"),
    )


TERMINAL_DARK = _sixteen("terminal-dark", dark=True)
TERMINAL_LIGHT = _sixteen("terminal-light", dark=False)

NO_COLOUR = Theme(
    name="no-colour",
    ansi=True,
    primary="ansi_default",
    secondary="ansi_default",
    accent="ansi_default",
    warning="ansi_default",
    error="ansi_default",
    success="ansi_default",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables=_default_everywhere(border="ansi_default", blurred="ansi_default", scrollbar="ansi_default"),
)
"""For `NO_COLOR`: default colours only; weight, dimness and reverse carry the meaning."""
