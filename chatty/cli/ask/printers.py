"""How an answer is shown while it comes: verbatim, sanitised, as events, or not at all.

A printer gets the new text and the frames in order. It keeps no answer and knows no server. Markdown is in
``markdown_printer``; ``choice`` picks one.
"""

from typing import Any, Protocol

from chatty.cli.output.streams import write_out


class Printer(Protocol):
    """Shows an answer that grows."""

    def text(self, fresh: str) -> None:
        """Show the next piece of the answer."""

    def frame(self, frame: dict[str, Any]) -> None:
        """Take a notification as it came."""

    def start_over(self) -> None:
        """The text so far is void: another one begins."""

    def finish(self) -> None:
        """Nothing more comes; leave the cursor at the start of a line if a person looks on."""


class Silent:
    """Shows nothing: the answer is printed as one object at the end."""

    def text(self, fresh: str) -> None:
        """Keep quiet."""

    def frame(self, frame: dict[str, Any]) -> None:
        """Keep quiet."""

    def start_over(self) -> None:
        """Keep quiet."""

    def finish(self) -> None:
        """Keep quiet."""


class Verbatim(Silent):
    """The model's text into a pipe or a file: every character, none added, out with each piece.

    Not even a newline is added at the end: what is in the file is what the model wrote.
    """

    def text(self, fresh: str) -> None:
        """Write the piece."""
        write_out(fresh)

    def start_over(self) -> None:
        """Part the void text from what comes; a pipe takes nothing back."""
        write_out("\n")


class SanitisedText(Silent):
    """Plain text on a terminal, with nothing in it that the terminal could obey."""

    def __init__(self) -> None:
        from chatty.rendering.sanitizer import StreamSanitizer

        self._sanitizer = StreamSanitizer()
        self._at_line_start = True

    def text(self, fresh: str) -> None:
        """Write the piece, sanitised."""
        self._write(self._sanitizer.feed(fresh))

    def start_over(self) -> None:
        """Begin on a new line."""
        self.finish()

    def finish(self) -> None:
        """Write what was held back, and end the line."""
        self._write(self._sanitizer.finish())
        if not self._at_line_start:
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            write_out(text)
            self._at_line_start = text.endswith("\n")


class JsonLines(Silent):
    """Events and deltas as they come, one object per line: ``{"method", "params"}``."""

    def frame(self, frame: dict[str, Any]) -> None:
        """Print the notification."""
        from chatty.cli.output.json import print_json

        print_json({"method": frame["method"], "params": frame["params"]})


class Gathered(Silent):
    """Holds the text back until it is whole (``--no-stream``)."""

    def __init__(self, shown: Printer) -> None:
        self._shown = shown
        self._pieces: list[str] = []

    def text(self, fresh: str) -> None:
        """Keep the piece."""
        self._pieces.append(fresh)

    def start_over(self) -> None:
        """Forget what was kept: nobody has seen it."""
        self._pieces.clear()

    def finish(self) -> None:
        """Show everything at once."""
        self._shown.text("".join(self._pieces))
        self._shown.finish()
