"""The full-screen program: themes, driver, and its life. What the screens do is theirs."""

import asyncio
import gc
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from textual import on
from textual.app import App
from textual.driver import Driver
from textual.events import AppBlur, AppFocus
from textual.message import Message
from textual.screen import Screen
from textual.scrollbar import ScrollBar

from chatty.tui.backend import Backend
from chatty.tui.controller import LAST
from chatty.tui.crashes import Crashes, crash_note, culprit
from chatty.tui.drafts import Drafts
from chatty.tui.keymap import Keymap
from chatty.tui.screens.chat import ChatScreen
from chatty.tui.screens.writing import Writing
from chatty.tui.store import Store
from chatty.tui.themes import CHATTY_DARK, NO_COLOUR, VARIABLE_DEFAULTS, themes_in
from chatty.tui.themes.choosing import in_tone
from chatty.tui.widgets.drawn import Drawn
from chatty.tui.widgets.scrollbar import WholeCells

if TYPE_CHECKING:
    from chatty.client.crash_reports import Report
    from chatty.tui.driver import GroundHeard


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user may choose about the screen."""

    theme: str = CHATTY_DARK.name
    follows_terminal: bool = False
    """Nobody chose a theme: take the light or dark one as the terminal says."""
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Action names and the keys they have instead of the usual ones."""
    ascii_glyphs: bool = False
    """Draw `| * o > v` for terminals whose font lacks our glyphs."""
    drafts_directory: Path | None = None
    """Where drafts are kept; None keeps none."""
    client_id: str = "client"


class Connection(Protocol):
    """What is begun after the first frame and ended with the program."""

    def start(self) -> None:
        """Connect; returns at once."""

    async def close(self) -> None:
        """Disconnect."""


_CONNECT_AFTER_SECONDS = 0.1
"""Connecting loads much: what was typed before the first frame is drawn first."""

_CLOSE_SECONDS = 1.0
"""A terminal that was closed must not leave a program behind that waits for its server."""


class ChattyApp(App[None], inherit_bindings=False):
    """One client: `store` is drawn, `backend` is asked, `connection` lives as long as the program.

    With `crashes` a widget that fails is a panel and the rest goes on; without it every failure ends the
    program.

    Attributes:
        crash: what the program ended of, if it did not end well.
    """

    TITLE = "chatty"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    CSS_PATH = "screens/chat.tcss"
    """The chat's stylesheet: Textual loads none for the first screen."""

    def __init__(
        self,
        store: Store,
        backend: Backend,
        settings: Settings | None = None,
        connection: Connection | None = None,
        crashes: Crashes | None = None,
    ) -> None:
        self._settings = settings or Settings()
        is_colourless = bool(os.environ.get("NO_COLOR"))
        if not is_colourless:
            # An empty one asks for nothing (no-color.org), but Textual would take it for a wish.
            os.environ.pop("NO_COLOR", None)
        # Without this Textual would turn colours to greys instead of leaving them out.
        super().__init__(ansi_color=True if is_colourless else None)
        self._store, self._backend, self._connection = store, backend, connection
        self._crashes = crashes
        self._own_error: Exception | None = None
        self._is_up = False
        self._writing: Writing | None = None
        self.crash: Exception | None = None
        self.animation_level = "none"
        ScrollBar.renderer = WholeCells
        self.follows_terminal = self._settings.follows_terminal
        """Whether the driver asks the terminal for its background."""
        for theme in themes_in(os.environ):
            self.register_theme(theme)
        self._start_with(NO_COLOUR.name if is_colourless else self._settings.theme)
        self.set_class(self._settings.ascii_glyphs, "-ascii")

    def _start_with(self, theme: str) -> None:
        """Begin with a theme. Only one of the terminal's colours needs Textual's watchers: for the others the
        stylesheets, which are not read yet, would be read twice."""
        if self.get_theme(theme) is None or self.available_themes[theme].ansi:
            self.theme = theme
        else:
            self.set_reactive(App.theme, theme)
            self.stylesheet.set_variables(self.get_css_variables())

    def get_driver_class(self) -> type[Driver]:
        """Our driver on Linux and macOS, Textual's elsewhere."""
        if os.name != "posix":
            return super().get_driver_class()
        from chatty.tui.driver import ChattyDriver

        return ChattyDriver

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Values for our own variables under themes that lack them."""
        return VARIABLE_DEFAULTS

    def get_default_screen(self) -> Screen[None]:
        """The chat is the ground all other screens lie on."""
        settings = self._settings
        drafts = Drafts(settings.drafts_directory, settings.client_id) if settings.drafts_directory else None
        screen = ChatScreen(self._store, self._backend, Keymap(settings.keys), drafts)
        self._writing = screen.writing
        return screen

    def on_mount(self) -> None:
        """Connect once the first frame is on the screen: until then one can type already."""
        if self._crashes is not None:
            asyncio.get_running_loop().set_exception_handler(self._stray)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._is_up = True
        if not gc.isenabled():
            # Whoever started us held it back: what was loaded since then stays for as long as we do.
            gc.freeze()
            gc.enable()
        if self._connection is not None:
            self.set_timer(_CONNECT_AFTER_SECONDS, self._connection.start)

    async def on_unmount(self) -> None:
        """Disconnect; answers under way go on without us."""
        if self._connection is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._connection.close()
        if self._writing is not None:
            # Some of what was sent has reached the outbox only now: it need not come back as a draft.
            await self._writing.save()

    def copy_to_clipboard(self, text: str) -> None:
        """Write the clipboard through the guard, which lets nothing else of that kind pass."""
        write_clipboard = getattr(self._driver, "write_clipboard", None)
        if write_clipboard is None:
            super().copy_to_clipboard(text)
        else:
            write_clipboard(text)

    def open_gate(self) -> None:
        """A widget has the keyboard: hand on the keys typed before."""
        open_gate = getattr(self._driver, "open_gate", None)
        if open_gate is not None:
            open_gate()

    # Crashes.

    def report_crash(self, error: BaseException) -> "Report | None":
        """The report of a crash that is contained; None when it is not, and ends the program."""
        crashes = self._crashes
        if crashes is None or not self._is_up:
            return None
        report = crashes.take(error)
        return None if crashes.are_too_many else report

    def contain(self, error: BaseException) -> bool:
        """Let a crash stay with the widget or overlay it happened in; says whether that was possible."""
        report = self.report_crash(error)
        if report is None:
            return False
        widget = culprit(error, Drawn)
        if widget is not None and widget.is_attached:
            widget.break_down(report)
        else:
            self._store.say(crash_note(report))
            self._close_overlay(culprit(error, Screen))
        return True

    def _close_overlay(self, screen: Screen[Any] | None) -> None:
        """Take a screen away that failed, once it has; the chat below goes on."""

        def close() -> None:
            if screen is self.screen and len(self.screen_stack) > 1:
                self.pop_screen()

        self.call_later(close)

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            self._own_error = error  # Textual ends the app's loop for this one
            raise

    def _handle_exception(self, error: Exception) -> None:
        """Where Textual brings everything that nobody caught: timers, callbacks, layout, the app's own."""
        if error is self._own_error or not self.contain(error):
            self.crash = self.crash or error
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Say nothing: Textual would print the local variables of every frame, and with them keys and
        messages. `run` raises the error once the terminal is given back."""
        self._close_messages_no_wait()

    def _stray(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A callback of the loop, or a task that nobody waited for, has failed."""
        error = context.get("exception")
        if not isinstance(error, Exception) or not self.contain(error):
            loop.default_exception_handler(context)

    def on_ground_heard(self, event: "GroundHeard") -> None:
        """The terminal is light or dark; a theme chosen meanwhile stays."""
        if self.follows_terminal and self.theme == self._settings.theme:
            self.theme = in_tone(self.theme, light=event.is_light)

    @on(AppFocus)
    @on(AppBlur)
    def _focus_changed(self, event: AppFocus | AppBlur) -> None:
        focused = isinstance(event, AppFocus)
        for screen in self.screen_stack:
            if isinstance(screen, ChatScreen):
                screen.painter.is_focused = focused


def run(
    server: str | None = None,
    *,
    continue_last: bool = False,
    conversation: str | None = None,
    project: str | None = None,
    model: str | None = None,
) -> int:
    """Run the full-screen client until the user leaves, and return the exit code.

    Args:
        server: as `chatty --server` names it; None: the one of the environment.
        continue_last: open the conversation that was used last.
        conversation: id, or its beginning, of the conversation to open.
        project: name of the project to work in.
        model: `PROVIDER/MODEL` to ask.

    Raises:
        ProtocolError: the server's name means nothing, or the config file cannot be read.
        Exception: whatever the program ended of; the terminal is given back by then.
    """
    from chatty.tui.starting import make_app

    app = make_app(
        os.environ,
        server=server,
        conversation=conversation or (LAST if continue_last else None),
        project=project,
        model=model,
    )
    app.run()
    if app.crash is not None:
        raise app.crash
    return app.return_code or 0
