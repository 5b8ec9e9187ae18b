"""Which theme suits a terminal that nobody chose one for. Asks the environment only."""

from collections.abc import Mapping

from chatty.rendering.ansi import detect_background, detect_depth


def theme_for(environ: Mapping[str, str]) -> str:
    """Return the name of the theme: light on a ground known to be, the terminal's colours where few are."""
    tone = "light" if detect_background(environ) == "light" else "dark"
    has_many = detect_depth(environ, is_terminal=True) in ("256", "truecolor")
    return f"{'chatty' if has_many else 'terminal'}-{tone}"
