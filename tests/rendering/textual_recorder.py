"""A small Textual app that writes down what its driver writes: run in a terminal by the guard's tests.

    python -m tests.rendering.textual_recorder RECORD [hostile]

RECORD becomes a JSON list of the writes in order. With `hostile` the app shows text that nobody sanitised.
"""

import json
import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.drivers.linux_driver import LinuxDriver
from textual.widgets import DataTable, Input, Label, RichLog, Static, TextArea

from tests.rendering.terminal_corpus import CASES

WRITES: list[str] = []


class RecordingDriver(LinuxDriver):
    def write(self, data: str) -> None:
        WRITES.append(data)
        super().write(data)


class RecordedApp(App[None]):
    """Draws the usual widgets, copies, rings the bell, and leaves."""

    CSS = "Screen { pointer: text; } Input { border: round red; }"

    def __init__(self, text: str) -> None:
        super().__init__(driver_class=RecordingDriver)
        self._text = text

    def compose(self) -> ComposeResult:
        yield Label(self._text, markup=False)
        yield Static(self._text, markup=False)
        yield Input(self._text)
        yield TextArea(self._text)
        yield RichLog()
        yield DataTable[str]()

    def on_mount(self) -> None:
        self.query_one(RichLog).write(self._text)
        table = self.query_one(DataTable)
        table.add_column("column")
        table.add_row(self._text)

    def on_ready(self) -> None:
        self.bell()
        self.query_one(TextArea).focus()
        self.copy_to_clipboard("copied")
        self.set_timer(0.2, self._scroll)

    def _scroll(self) -> None:
        self.screen.scroll_end(animate=False)
        self.query_one(TextArea).insert(self._text)
        self.call_after_refresh(self.set_timer, 0.2, self.exit)


def main() -> None:
    record, *options = sys.argv[1:]
    text = "\n".join(case.text for case in CASES) if options else "Plain words, 日本語, 👍\nand a second row."
    encodable = text.encode("utf-8", "replace").decode("utf-8")
    RecordedApp(encodable).run()
    Path(record).write_text(json.dumps(WRITES), encoding="utf-8")


if __name__ == "__main__":
    main()
