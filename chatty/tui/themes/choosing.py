"""Which theme suits a terminal that nobody chose one for: by the environment, and by the terminal's own word.

Pure: the driver asks the terminal, after the program has begun in what the environment says.
"""

from collections.abc import Mapping

from chatty.rendering.ansi import detect_background, detect_depth

AUTO = "auto"
"""What the settings call the theme that suits the terminal."""

_MUTE_TERMINALS = ("", "dumb", "linux")
"""They do not answer, and the Linux console writes the question on the screen."""


def theme_for(environ: Mapping[str, str]) -> str:
    """Return the name of the theme: light on a ground known to be, the terminal's colours where few are."""
    tone = "light" if detect_background(environ) == "light" else "dark"
    has_many = detect_depth(environ, is_terminal=True) in ("256", "truecolor")
    return f"{'chatty' if has_many else 'terminal'}-{tone}"


def can_be_asked(environ: Mapping[str, str]) -> bool:
    """Whether this terminal may be asked for the colour of its background, and colours are wanted at all."""
    return environ.get("TERM", "") not in _MUTE_TERMINALS and "NO_COLOR" not in environ


def is_light(colour: str) -> bool:
    """Whether black reads better than white on a colour as terminals write it, such as `ffff/fafa/f8f8`."""
    parts = [int(part, 16) / ((1 << 4 * len(part)) - 1) for part in colour.split("/")[:3] if part]
    weights = (0.2126, 0.7152, 0.0722)  # of red, green and blue in brightness: ITU-R BT.709
    return sum(weight * part for weight, part in zip(weights, parts, strict=False)) > 0.5


def in_tone(theme: str, *, light: bool) -> str:
    """The light or dark one of a pair of themes such as `chatty-dark` and `chatty-light`."""
    return f"{theme.rpartition('-')[0]}-{'light' if light else 'dark'}"
