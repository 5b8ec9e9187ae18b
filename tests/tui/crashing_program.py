"""The real program with a bug of its own: it fails when the terminal loses the focus."""

import sys

from chatty.cli.entry import run
from chatty.tui.app import ChattyApp
from tests.tui.scripted_app import broken

if __name__ == "__main__":
    ChattyApp.on_app_blur = broken  # type: ignore[attr-defined]
    sys.exit(run(sys.argv[1:]))
