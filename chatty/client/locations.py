"""Every path the program uses on this machine. Nothing is created or read here.

Standard library only, and little of it: every command loads this.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET_NAME = "s.sock"
MAX_SOCKET_PATH_BYTES = 100
"""Kernels refuse paths of more than 103 (macOS) or 107 (Linux) bytes."""


class Locations:
    """Where configuration, data, state and the local server's socket live; all paths are absolute.

    Attributes:
        config_dir: what people edit.
        data_dir: what must not be lost. One server at a time holds its lock.
        state_dir: what may be lost: logs, drafts, unsent messages, the socket.
        run_dir: holds the socket and nothing else; owner-only.
    """

    __slots__ = ("config_dir", "data_dir", "run_dir", "state_dir")

    def __init__(self, config_dir: str, data_dir: str, state_dir: str, run_dir: str) -> None:
        self.config_dir = config_dir
        self.data_dir = data_dir
        self.state_dir = state_dir
        self.run_dir = run_dir

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], platform: str = sys.platform) -> Locations:
        """Read ``CHATTY_HOME``, else the platform's own directories.

        The socket never goes to ``XDG_RUNTIME_DIR``: cron, su and plain ssh do not have it, and two
        places would mean two servers on one database.
        """
        home = environ.get("HOME") or os.path.expanduser("~")
        if chosen := environ.get("CHATTY_HOME"):
            root = os.path.abspath(os.path.expanduser(chosen))
            config, data, state = (os.path.join(root, name) for name in ("config", "data", "state"))
        else:
            config, data, state = _platform_directories(environ, home, platform)
        return cls(config, data, state, _run_directory(data, state, home))

    def with_state_elsewhere(self, environ: Mapping[str, str]) -> Locations:
        """Return where state and socket go while data can be read and nothing beside it written.

        One place for each data directory and user, so that all clients of a read-only home meet there.
        """
        name = f"chatty-{os.geteuid()}-{_short_name(self.data_dir)}"
        state = os.path.join(environ.get("TMPDIR") or "/tmp", name)
        return Locations(self.config_dir, self.data_dir, state, os.path.join(state, "run"))

    @property
    def config_file(self) -> str:
        """``config.toml``, which people edit."""
        return os.path.join(self.config_dir, "config.toml")

    @property
    def database_path(self) -> str:
        """The local server's SQLite file."""
        return os.path.join(self.data_dir, "chatty.db")

    @property
    def lock_path(self) -> str:
        """Locked by the local server for as long as it lives."""
        return os.path.join(self.data_dir, "server.lock")

    @property
    def start_lock_path(self) -> str:
        """Locked by whoever is starting the local server, so that a crowd starts one."""
        return os.path.join(self.data_dir, "start.lock")

    @property
    def socket_record_path(self) -> str:
        """Where the local server writes down its socket's path when that is an unusual one."""
        return os.path.join(self.data_dir, "server.socket")

    @property
    def socket_path(self) -> str:
        """The local server's socket."""
        return os.path.join(self.run_dir, SOCKET_NAME)

    @property
    def log_file(self) -> str:
        """The local server's log."""
        return os.path.join(self.state_dir, "logs", "server.log")

    @property
    def reports_dir(self) -> str:
        """Tracebacks of unexpected errors, beside the log."""
        return os.path.join(self.state_dir, "logs", "reports")

    @property
    def drafts_dir(self) -> str:
        """Text that was typed and not sent, one file per conversation."""
        return os.path.join(self.state_dir, "drafts")

    @property
    def outbox_dir(self) -> str:
        """Messages that were sent and not yet accepted, one directory per server."""
        return os.path.join(self.state_dir, "outbox")

    def __repr__(self) -> str:
        return f"Locations({self.config_dir!r}, {self.data_dir!r}, {self.state_dir!r}, {self.run_dir!r})"


def _platform_directories(environ: Mapping[str, str], home: str, platform: str) -> tuple[str, str, str]:
    if platform == "darwin":
        root = os.path.join(home, "Library", "Application Support", "chatty")
        return os.path.join(root, "config"), os.path.join(root, "data"), os.path.join(root, "state")
    return (
        _xdg(environ, "XDG_CONFIG_HOME", home, ".config"),
        _xdg(environ, "XDG_DATA_HOME", home, ".local", "share"),
        _xdg(environ, "XDG_STATE_HOME", home, ".local", "state"),
    )


def _xdg(environ: Mapping[str, str], variable: str, home: str, *fallback: str) -> str:
    """The XDG base directory specification says that relative values are to be ignored."""
    base = environ.get(variable, "")
    return os.path.join(base if os.path.isabs(base) else os.path.join(home, *fallback), "chatty")


def _run_directory(data_dir: str, state_dir: str, home: str) -> str:
    usual = os.path.join(state_dir, "run")
    if _fits(usual):
        return usual
    short = os.path.join(home, ".chatty", _short_name(data_dir))
    return short if _fits(short) else usual


def _short_name(data_dir: str) -> str:
    from hashlib import sha256  # 2.5 ms, and only for unusually long paths and read-only disks

    return sha256(os.fsencode(data_dir)).hexdigest()[:12]


def _fits(run_dir: str) -> bool:
    return len(os.fsencode(os.path.join(run_dir, SOCKET_NAME))) <= MAX_SOCKET_PATH_BYTES
