"""The client on a scripted conversation, without a server: for pictures and tests.

python -m tests.tui.scripted_app [--scene chat|empty|failing|first-run …] [--theme NAME]
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from textual.events import Key

from chatty.tui.app import ChattyApp, Settings
from chatty.tui.crashes import Crashes
from chatty.tui.screens.chat import ChatScreen
from chatty.tui.spans import Span, Spans
from chatty.tui.store import Store
from tests.tui.fake_backend import FakeBackend
from tests.tui.scenes import SCENES


def scripted(
    scene: str = "chat", settings: Settings | None = None, crashes: Crashes | None = None
) -> tuple[ChattyApp, FakeBackend]:
    """An app on a scene, and the backend that records what it is asked."""
    store = Store()
    backend = FakeBackend(store)
    SCENES[scene](store, int(time.time() * 1000))
    return ChattyApp(store, backend, settings, crashes=crashes), backend


def broken(*_: object) -> NoReturn:
    """Stands in for a part that has a bug."""
    secret = "sk-live-1234"
    raise KeyError(secret)


def break_header(app: ChattyApp, screen: ChatScreen) -> None:
    setattr(screen.header, "sides", broken)  # noqa: B010  # the types differ on purpose
    screen.header.refresh()


def break_composer_key(app: ChattyApp, screen: ChatScreen) -> None:
    typed = screen.composer.typed

    def fails_on_ctrl_t(event: Key) -> bool:
        return broken() if event.key == "ctrl+t" else typed(event)

    screen.composer.typed = fails_on_ctrl_t  # type: ignore[method-assign]


def break_transcript(app: ChattyApp, screen: ChatScreen) -> None:
    setattr(screen.transcript, "_sync", broken)  # noqa: B010  # the types differ on purpose


def break_overlay(app: ChattyApp, screen: ChatScreen) -> None:
    from chatty.tui.overlays.picker import Picker

    Picker.inside = broken  # type: ignore[method-assign,assignment]


def break_timer(app: ChattyApp, screen: ChatScreen) -> None:
    screen.set_interval(0.02, broken)


def break_sanitiser(app: ChattyApp, screen: ChatScreen) -> None:
    """Let a part draw what it was given, as one that forgot the sanitiser would."""

    def unsanitised(room: int) -> tuple[Spans, Spans]:
        return [Span(UNSANITISED)], ()

    setattr(screen.header, "sides", unsanitised)  # noqa: B010  # a probe
    screen.header.refresh()


UNSANITISED = "evil\x1b]0;title\x07\x1b[?1049l\x1b]52;c;ZXZpbA==\x1b\\\x9b2J\x1bc"

BREAKS: dict[str, Callable[[ChattyApp, ChatScreen], None]] = {
    "header": break_header,
    "composer-key": break_composer_key,
    "transcript": break_transcript,
    "overlay": break_overlay,
    "timer": break_timer,
    "sanitiser": break_sanitiser,
}


BROKEN_NOTE = "broken from here on"
"""On the screen once a part is broken: keys pressed before would find it whole."""


def break_when_up(app: ChattyApp, place: str) -> None:
    """Let a part fail once the client is ready."""
    begin = app._begin

    def begin_and_break() -> None:
        begin()
        screen = app.screen
        assert isinstance(screen, ChatScreen)
        BREAKS[place](app, screen)
        screen.say(BROKEN_NOTE, stays=True)

    app._begin = begin_and_break  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scene", default="chat", choices=SCENES)
    parser.add_argument("--theme", default="chatty-dark")
    parser.add_argument("--drafts", type=Path)
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--broken", choices=BREAKS)
    parser.add_argument("--reports", type=Path)
    options = parser.parse_args()
    settings = Settings(
        theme=options.theme, drafts_directory=options.drafts, client_id="scripted", ascii_glyphs=options.ascii
    )
    crashes = Crashes(str(options.reports)) if options.reports else None
    app, backend = scripted(options.scene, settings, crashes)
    backend.answers = True
    if options.broken:
        break_when_up(app, options.broken)
    app.run()
    raise SystemExit(app.return_code or 0)


if __name__ == "__main__":
    main()
