"""Signs that look like ours, cell for cell, for fonts and encodings that lack them."""

import codecs

from rich.cells import cell_len

LOOKALIKES = str.maketrans("▌●○◌▸▾‹›·↑↓←→│•…─“”╭╮╰╯━┃▁▂▃▄▅▆▇█", '|*oo>v<>-^v<>|*~-""++++-|________')

ERRORS = "chatty-lookalike"
"""The name for `open(…, errors=…)`."""


def _lookalike(error: UnicodeError) -> tuple[str, int]:
    """In place of what cannot be encoded: nothing written is wider or narrower than it was laid out."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_one(character) for character in lacking), error.end


def _one(character: str) -> str:
    known = character.translate(LOOKALIKES)
    return known if known.isascii() else "?" * cell_len(character)


codecs.register_error(ERRORS, _lookalike)
