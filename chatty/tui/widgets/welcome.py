"""What stands in an empty conversation: who answers, and what one can press. No tour."""

from chatty.tui.keymap import Keymap
from chatty.tui.spans import Span

_SHOWN = (("model", "choose who answers"), ("chats", "earlier conversations"), ("prompt", "use a prompt"))


def welcome_rows(model: str, keymap: Keymap, *, needs_choice: bool) -> list[list[Span]]:
    """A row for the model, an empty one, and a row for each key.

    Until it is known who answers the first row is empty: that nobody does is said only where somebody has to
    choose.
    """
    first: list[Span] = []
    if model:
        first = [Span(model, bold=True), Span(" answers here", "muted")]
    elif needs_choice:
        first = [Span("nobody", bold=True), Span(" answers here yet", "muted")]
    keys = [(keymap.shown(name), words) for name, words in _SHOWN if keymap.shown(name)]
    rows = [[Span(f"{key:<4}"), Span(words, "muted")] for key, words in (*keys, ("/", "everything else"))]
    return [first, [], *rows]
