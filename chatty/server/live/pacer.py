"""When text leaves: the first piece after a silence at once, then at most every few milliseconds.

It regulates itself: whatever arrives during a window leaves as one delta, so a fast model costs no
more frames than a steady one.
"""

import asyncio
from typing import Final

from chatty.server.live.buffer import PartBuffer
from chatty.server.live.hub import Hub

WINDOW_SECONDS: Final = 0.025
EARLY_CODE_POINTS: Final = 2048
"""Text waiting that is longer leaves before the window is over."""


class DeltaPacer:
    """The way from one run to the hub. Call `flush` before anything that must come after the text."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._part: PartBuffer | None = None
        self._pieces: list[str] = []
        self._size = 0
        self._window: asyncio.TimerHandle | None = None

    def write(self, part: PartBuffer, text: str) -> None:
        """Append text to a part and let it leave in its time."""
        if part is not self._part:
            self.flush()
            self._part = part
        part.append(text)
        self._pieces.append(text)
        self._size += len(text)
        if self._window is None:
            self.flush()
            self._open_window()
        elif self._size >= EARLY_CODE_POINTS:
            self.flush()

    def flush(self) -> None:
        """Let everything leave that waits."""
        if self._part is None or not self._pieces:
            return
        text = self._pieces[0] if len(self._pieces) == 1 else "".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        self._hub.write(self._part, self._part.length - len(text), text)

    def close(self) -> None:
        """Flush, and stop the window."""
        self.flush()
        if self._window is not None:
            self._window.cancel()
            self._window = None

    def _open_window(self) -> None:
        self._window = asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._on_window)

    def _on_window(self) -> None:
        self._window = None
        if self._pieces:
            self.flush()
            self._open_window()
