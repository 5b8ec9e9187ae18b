"""A home directory with a local server of its own, for tests that need the real one."""

import os
import signal
import time
from collections.abc import Mapping

from chatty.client.connection import Client, connect
from chatty.client.force import stop_by_force
from chatty.client.local import is_held
from chatty.client.locations import Locations
from chatty.client.oneshot import OneShot
from chatty.client.target import LocalTarget


class Home:
    """One person's directories, and the server that runs for them.

    Args:
        extra: further environment of the person, such as keys.
    """

    def __init__(self, path: str, extra: Mapping[str, str] | None = None) -> None:
        kept = ("PATH", "PYTHONPATH", "LANG")
        self.environ = {name: os.environ[name] for name in kept if name in os.environ}
        self.environ |= {"HOME": path, "CHATTY_HOME": path, **(extra or {})}
        self.locations = Locations.from_environment(self.environ)
        self.target = LocalTarget(self.locations, self.environ)

    def one_shot(self) -> OneShot:
        return OneShot(self.target, environ=self.environ)

    def client(self) -> Client:
        return connect(self.target, environ=self.environ)

    def pid(self) -> int:
        """The server's process id, by its own word."""
        pid: int = self.one_shot().call("server.status", {}, timeout_seconds=30)["pid"]
        return pid

    def kill(self) -> int:
        """End the server without a warning and wait until it is gone; one that is starting is waited for."""
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while is_held(self.locations.lock_path) and time.monotonic() < end:
            time.sleep(0.005)
        return pid

    def clean_up(self) -> None:
        stop_by_force(self.locations)
