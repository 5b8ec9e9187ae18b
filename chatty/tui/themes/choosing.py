"""Which theme suits a terminal that nobody chose one for. Asks the environment only."""

from collections.abc import Mapping

AUTO = "auto"
"""What the settings call the theme that suits the terminal."""

_LIGHT_GROUNDS = ("7", "15")
"""Numbers of white in the sixteen colours."""


def theme_for(environ: Mapping[str, str]) -> str:
    """Return the name of the theme: light where `COLORFGBG` says so, the terminal's colours where few are."""
    ground = environ.get("COLORFGBG", "").rpartition(";")[2]
    tone = "light" if ground in _LIGHT_GROUNDS else "dark"
    has_many = "256" in environ.get("TERM", "") or bool(environ.get("COLORTERM"))
    return f"{'chatty' if has_many else 'terminal'}-{tone}"
