"""The smallest Textual app with an input: the yardstick for what a full-screen client costs.

python -m benchmarks.minimal_app

Enter shows a screenful of text, which is what opening something costs at least.
"""

from textual.app import App, ComposeResult
from textual.widgets import Input, Static

MARK = "the-last-line"


class Minimal(App[None]):
    """One input."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="Ask anything")

    def on_input_submitted(self) -> None:
        lines = [f"{number} " + "words of an answer " * 4 for number in range(30)]
        self.mount(Static("\n".join([*lines, MARK]), markup=False))


if __name__ == "__main__":
    Minimal().run()
