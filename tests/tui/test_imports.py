"""What the first frame costs: nothing is loaded that it does not need."""

import subprocess
import sys

LATE = [
    "httpx",
    "markdown_it",
    "openai",
    "pydantic",
    "pygments.lexers.python",
    "sqlite3",
    "textual.widgets._markdown",
    "textual.widgets._text_area",
    "tree_sitter",
    "typer",
    "websockets",
    "chatty.tui.overlays.picker",
    "chatty.rendering.markdown",
]


def test_client_loads_nothing_heavy_before_its_first_frame() -> None:
    code = "import sys; import chatty.tui.app, chatty.tui.driver; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(LATE).isdisjoint(loaded.stdout.split("\n"))


def test_package_imports_nothing_of_its_own() -> None:
    code = "import sys; import chatty.tui; print(any(name.startswith('textual') for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "False"
