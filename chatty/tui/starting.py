"""Puts the program together for this machine: settings, places on the disk, and the way to the server."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatty.client.locations import Locations
from chatty.client.target import target_from_environment
from chatty.protocol.errors import ProtocolError
from chatty.tui.app import ChattyApp, Settings
from chatty.tui.controller import Controller
from chatty.tui.crashes import Crashes
from chatty.tui.keymap import Keymap, KeymapError
from chatty.tui.store import Store
from chatty.tui.themes import AUTO, can_be_asked, theme_for

if TYPE_CHECKING:
    from chatty.client.connection import Client
    from chatty.client.target import Target


def make_app(
    environ: Mapping[str, str],
    *,
    server: str | None,
    conversation: str | None,
    project: str | None,
    model: str | None,
) -> ChattyApp:
    """Return the program, ready to run; nothing was asked of the server yet.

    Raises:
        ProtocolError: the server's name means nothing, or the config file cannot be read.
    """
    locations = Locations.from_environment(environ)
    target = target_from_environment(environ, server)
    chosen = _settings(locations.config_file)
    store = Store()
    crashes = Crashes(locations.reports_dir)
    controller = Controller(
        store,
        lambda: _connect(target, environ),
        server="local" if target.name == "local" else "server",
        config_file=locations.config_file,
        conversation=conversation,
        model=model,
        default_model=environ.get("CHATTY_MODEL") or chosen.get("model"),
        project=project,
        crashes=crashes,
    )
    screen = chosen.get("screen", {})
    theme = screen.get("theme", AUTO)
    look = Settings(
        theme=theme_for(environ) if theme == AUTO else theme,
        follows_terminal=theme == AUTO and can_be_asked(environ),
        keys=_keys(chosen.get("keys", {}), locations.config_file),
        ascii_glyphs=bool(screen.get("ascii_glyphs")),
        drafts_directory=Path(locations.drafts_dir) / target.name,
        client_id=f"{os.getpid()}-{os.urandom(4).hex()}",
    )
    return ChattyApp(store, controller, look, controller, crashes)


def _keys(chosen: Mapping[str, list[str] | str], path: str) -> Mapping[str, list[str]]:
    """Return the user's keys by action.

    Raises:
        ProtocolError: `invalid_params/config`: an action nobody knows, or a key that cannot be had.
    """
    keys = {name: [keys] if isinstance(keys, str) else keys for name, keys in chosen.items()}
    try:
        Keymap(keys)
    except KeymapError as error:
        raise ProtocolError(
            "invalid_params/config", f"{error}; it stands under [keys] in {path}", details={"path": path}
        ) from error
    return keys


def _settings(path: str) -> Mapping[str, Any]:
    """The settings of the file; without one nothing is loaded: the models behind them cost 60 ms."""
    if not os.path.exists(path):
        return {}
    from chatty.client import settings

    return settings.load(path).model_dump(exclude_unset=True)


async def _connect(target: "Target", environ: Mapping[str, str]) -> "Client":
    # The WebSocket library and its like cost 60 ms and more: loaded beside the screen, not before it.
    connect = await asyncio.to_thread(_load)
    client: Client = connect(target, environ=environ, client_name="chatty", workspace_signals=True)
    return client


def _load() -> Any:
    import chatty.client.websocket  # noqa: F401
    from chatty.client.connection import connect

    return connect
