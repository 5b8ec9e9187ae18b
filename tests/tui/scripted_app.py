"""The client on a scripted conversation, without a server: for pictures and tests.

python -m tests.tui.scripted_app [--scene chat|empty|failing|first-run …] [--theme NAME]
"""

import argparse
import time
from pathlib import Path

from chatty.tui.app import ChattyApp, Settings
from chatty.tui.store import Store
from tests.tui.fake_backend import FakeBackend
from tests.tui.scenes import SCENES


def scripted(scene: str = "chat", settings: Settings | None = None) -> tuple[ChattyApp, FakeBackend]:
    """An app on a scene, and the backend that records what it is asked."""
    store = Store()
    backend = FakeBackend(store)
    SCENES[scene](store, int(time.time() * 1000))
    return ChattyApp(store, backend, settings), backend


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scene", default="chat", choices=SCENES)
    parser.add_argument("--theme", default="chatty-dark")
    parser.add_argument("--drafts", type=Path)
    parser.add_argument("--ascii", action="store_true")
    options = parser.parse_args()
    settings = Settings(
        theme=options.theme, drafts_directory=options.drafts, client_id="scripted", ascii_glyphs=options.ascii
    )
    app, backend = scripted(options.scene, settings)
    backend.answers = True
    app.run()
    raise SystemExit(app.return_code or 0)


if __name__ == "__main__":
    main()
