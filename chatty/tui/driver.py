"""Our terminal driver for Linux and macOS: Textual's, with eight differences.

Keys are put right before they are parsed (`key_bytes.py`), and unmarked pastes marked (`bursts.py`); keys
typed before the first frame are kept; what is written goes to the standard output, not the standard error,
and passes the output guard; nothing is written while the terminal is another program's; the terminal is asked
for its background where nobody chose a theme; and it is given back also after SIGTERM and SIGHUP.
"""

import fcntl
import os
import selectors
import signal
import sys
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import IO, TYPE_CHECKING

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from chatty.rendering.guard import OutputGuard, clipboard_write
from chatty.tui.bursts import Bursts
from chatty.tui.key_bytes import ESCAPE, KeyBytes
from chatty.tui.lookalikes import ERRORS
from chatty.tui.themes.choosing import is_light

if TYPE_CHECKING:
    from textual.app import App

_LEAVING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_READ_BYTES = 4096
_BURST_PAUSE_SECONDS = 0.1

_ASK_GROUND = "\x1b]11;?\x1b\\"
"""xterm's control sequences, "Set or request VT100 text background color"."""


@dataclass
class GroundHeard(Message):
    """The terminal said what colour its background has."""

    is_light: bool


Guard = Callable[[str], str]


class ChattyDriver(LinuxDriver):
    """Reads keys and writes frames for one app."""

    def __init__(
        self,
        app: "App[None]",
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._gate = threading.Lock()
        self._is_gate_open = False
        self._held: list[Message] = []
        self._is_suspended = False
        self._cooked_bytes = 0
        self._asks_ground: bool = getattr(app, "follows_terminal", False)
        self._guard = OutputGuard()
        self._file = _GuardedFile(_open_terminal(), self._guard.filter)  # type: ignore[assignment]  # three methods are enough

    def start_application_mode(self) -> None:
        """Take the terminal over. Keys are held back until `open_gate`."""
        self._is_suspended = False
        self._cooked_bytes = _waiting_bytes(self.fileno)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual leaves it untyped
        for number in _LEAVING_SIGNALS:
            signal.signal(number, self._leave)
        if self._asks_ground:
            # Once: nobody waits for the answer, which comes among the keys or never.
            self._asks_ground = False
            self.write(_ASK_GROUND)

    def open_gate(self) -> None:
        """Somebody takes keys now: hand on, in their order, those typed before."""
        with self._gate:
            self._is_gate_open = True
            held, self._held = self._held, []
            for message in held:
                super().process_message(message)

    def write_clipboard(self, text: str) -> None:
        """Ask the terminal to take the text into its clipboard (OSC 52, xterm's control sequences).

        Raises:
            GuardRefused: the text is too long for that.
        """
        sequence = clipboard_write(text)
        self._guard.announce(sequence)
        self.write(sequence)

    def write(self, data: str) -> None:
        """Write to the terminal; nothing while it is another program's, and the next frame is a whole one."""
        if not self._is_suspended:
            super().write(data)

    def process_message(self, message: Message) -> None:
        """Hand a message to the app; keys and pastes wait until the gate is open."""
        if isinstance(message, events.Key | events.Paste):
            with self._gate:
                if not self._is_gate_open:
                    self._held.append(message)
                    return
        super().process_message(message)

    def run_input_thread(self) -> None:
        """Read, put right, parse and hand on until the app is done. Runs in a thread of its own."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            parser = XTermParser(self._debug)
            reader = _Reader(self.fileno, parser, self.process_message, self._cooked_bytes)
            while not self.exit_event.is_set():
                if not reader.turn(is_ready=bool(selector.select(reader.patience()))):
                    # The terminal went away without a signal: nobody is there any more.
                    self._loop.call_soon_threadsafe(self._app.exit, None, 128 + signal.SIGHUP)
                    return

    def suspend_application_mode(self) -> None:
        """Give the terminal back for a while (^z, an external editor)."""
        super().suspend_application_mode()
        self._is_suspended = True
        for number in _LEAVING_SIGNALS:
            signal.signal(number, signal.SIG_DFL)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        """Leave in good order on the first signal; at once, terminal restored, on the second."""
        signal.signal(number, self._leave_now)
        self._loop.call_soon_threadsafe(self._app.exit, None, 128 + number)

    def _leave_now(self, number: int, frame: FrameType | None) -> None:
        self.stop_application_mode()
        self.close()
        os._exit(128 + number)


def _open_terminal() -> IO[str]:
    """The standard output, which the caller found to be a terminal; the standard error may be a file.

    A file object of our own: Textual redirects `sys.stdout`, and what cannot be encoded must not end its
    writer thread.
    """
    encoding = sys.__stdout__.encoding if sys.__stdout__ is not None else None
    return open(1, "w", encoding=encoding, errors=ERRORS, closefd=False)


def _waiting_bytes(fileno: int) -> int:
    """How many bytes have been typed and not been read."""
    try:
        return int.from_bytes(fcntl.ioctl(fileno, termios.FIONREAD, b"\0" * 4), sys.byteorder)
    except OSError:
        return 0


class _Reader:
    """One turn of reading: bytes to text to messages."""

    def __init__(
        self, fileno: int, parser: XTermParser, hand_on: Callable[[Message], None], cooked_bytes: int
    ) -> None:
        self._fileno = fileno
        self._parser = parser
        self._hand_on = hand_on
        self._decoder = getincrementaldecoder("utf-8")(errors="replace")
        self._bursts = Bursts()
        self._keys = KeyBytes(lambda colour: hand_on(GroundHeard(is_light(colour))))
        self._cooked_bytes = cooked_bytes

    def patience(self) -> float:
        """Seconds to wait for more bytes: a lone ESC must not wait longer than the escape delay."""
        if self._bursts.is_open:
            return _BURST_PAUSE_SECONDS
        return constants.ESCAPE_DELAY if self._keys.is_waiting else 0.1

    def turn(self, *, is_ready: bool) -> bool:
        """Take what is there, or let time pass; `False` at the end of the input."""
        if is_ready:
            read = self._read()
            if not read:
                return False
            self._feed(self._keys.feed(self._marked(self._decoder.decode(read))))
        elif self._bursts.is_open:
            self._feed(self._keys.feed(self._bursts.end()))
        elif (released := self._keys.release()) == ESCAPE:
            self._hand_on(events.Key("escape", ESCAPE))
        else:
            self._feed(released)
        for message in self._parser.tick():
            self._hand_on(message)
        return True

    def _marked(self, text: str) -> str:
        """The text with the marks of a paste where the terminal left them out."""
        is_marked = self._keys.is_in_paste and not self._bursts.is_open
        return text if is_marked else self._bursts.feed(text)

    def _read(self) -> bytes:
        """What was typed; empty at the end of the input."""
        try:
            data = os.read(self._fileno, _READ_BYTES)
        except OSError:
            return b""
        # Until we took it over the terminal wrote a newline for every press of enter.
        cooked, raw = data[: self._cooked_bytes], data[self._cooked_bytes :]
        self._cooked_bytes -= len(cooked)
        return cooked.replace(b"\n", b"\r") + raw

    def _feed(self, text: str) -> None:
        # An empty feed would mean the end of the input to the parser.
        if text:
            for message in self._parser.feed(text):
                self._hand_on(message)


class _GuardedFile:
    """The terminal's output: frames pass the guard; a terminal that went away swallows them.

    Runs in Textual's writer thread, which would block the app for ever if it died of an error.
    """

    def __init__(self, file: IO[str], guard: Guard) -> None:
        self._file = file
        self._guard = guard
        self._is_broken = False

    def write(self, text: str) -> int:
        """Write a frame."""
        if not self._is_broken:
            try:
                self._file.write(self._guard(text))
            except OSError:
                self._is_broken = True
        return len(text)

    def flush(self) -> None:
        """Send what is buffered."""
        if not self._is_broken:
            try:
                self._file.flush()
            except OSError:
                self._is_broken = True

    def fileno(self) -> int:
        """The descriptor of the terminal."""
        return self._file.fileno()
