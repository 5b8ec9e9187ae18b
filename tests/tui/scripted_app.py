"""The client on a scripted conversation, without a server: for pictures and tests.

python -m tests.tui.scripted_app [--scene chat|empty|failing|asking|first-run …] [--theme NAME]
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from chatty.tui.app import ChattyApp, Settings
from chatty.tui.wishes import ProviderOffer
from chatty.tui.store import Store
from tests.tui.fake_backend import FakeBackend
from tests.tui.scenes import OFFERS, SCENES


def scripted(
    scene: str = "chat", settings: Settings | None = None, offers: Sequence[ProviderOffer] = ()
) -> tuple[ChattyApp, FakeBackend]:
    """An app on a scene, and the backend that records what it is asked."""
    store = Store(user_id="me")
    backend = FakeBackend(store)
    SCENES[scene](store, int(time.time() * 1000))
    return ChattyApp(store, backend, settings, offers), backend


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scene", default="chat", choices=[*SCENES, "first-run"])
    parser.add_argument("--theme", default="chatty-dark")
    parser.add_argument("--drafts", type=Path)
    parser.add_argument("--ascii", action="store_true")
    options = parser.parse_args()
    settings = Settings(
        theme=options.theme, drafts_directory=options.drafts, client_id="scripted", ascii_glyphs=options.ascii
    )
    is_first_run = options.scene == "first-run"
    app, backend = scripted(
        "empty" if is_first_run else options.scene, settings, OFFERS if is_first_run else ()
    )
    backend.answers = True
    app.run()
    raise SystemExit(app.return_code or 0)


if __name__ == "__main__":
    main()
