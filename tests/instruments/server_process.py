"""The local server as a real process, started the way clients start it."""

import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chatty.protocol.ids import new_id

START_SECONDS = 20.0


class ServerProcess:
    """One process and the directories it serves. Made by `server_process`."""

    def __init__(
        self,
        home: Path,
        *options: str,
        data_dir: Path | None = None,
        environ: Mapping[str, str] | None = None,
        open_files: int | None = None,
    ) -> None:
        self.data_dir, self.run_dir = data_dir or home / "data", home / "run"
        self.log_file = home / "logs" / "server.log"
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "chatty.server"),
                *("--data-dir", str(self.data_dir), "--run-dir", str(self.run_dir)),
                *("--log-file", str(self.log_file), "--ready-fd", str(writing), *options),
            ],
            env={**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", **(environ or {})},
            pass_fds=(writing,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=None if open_files is None else lambda: _allow(open_files),
        )
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.ready: dict[str, Any] = json.loads(pipe.readline() or "{}")

    @property
    def socket_path(self) -> Path:
        """Where clients connect."""
        return self.run_dir / "s.sock"

    @property
    def database_path(self) -> Path:
        """The SQLite file."""
        return self.data_dir / "chatty.db"

    def connect(self) -> socket.socket:
        """Open a raw connection."""
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.settimeout(START_SECONDS)
        connected.connect(str(self.socket_path))
        return connected

    def http(self) -> http.client.HTTPConnection:
        """Open a connection that speaks HTTP."""
        connection = http.client.HTTPConnection("chatty.local", timeout=START_SECONDS)
        connection.sock = self.connect()
        return connection

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Send a GET; return status and body."""
        with contextlib.closing(self.http()) as connection:
            connection.request("GET", path, headers={"Host": "chatty.local", **(headers or {})})
            response = connection.getresponse()
            return response.status, response.read()

    def rpc(self, *frames: bytes) -> tuple[int, list[dict[str, Any]]]:
        """Send lines to `/rpc`; return the status and the lines that came back."""
        with contextlib.closing(self.http()) as connection:
            connection.request("POST", "/rpc", body=b"\n".join(frames), headers={"Host": "chatty.local"})
            response = connection.getresponse()
            return response.status, [json.loads(line) for line in response.read().splitlines()]

    def call(self, method: str, initialize: Mapping[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        """Make one call; return the frame that answers it."""
        hello = {"protocol": {"min": 1, "max": 1}, "client": {"name": "test", "version": "0"}}
        _, frames = self.rpc(
            _frame(0, "initialize", {**hello, **(initialize or {})}), _frame(1, method, params)
        )
        return next(frame for frame in frames if frame.get("id") == 1)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(START_SECONDS)


def _allow(open_files: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))


def _frame(request_id: int, method: str, params: Mapping[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode()


@contextlib.contextmanager
def server_process(
    home: Path,
    *options: str,
    data_dir: Path | None = None,
    environ: Mapping[str, str] | None = None,
    open_files: int | None = None,
) -> Iterator[ServerProcess]:
    """Start a server and wait until it has said whether it serves; killed at the end if it still lives."""
    started = ServerProcess(home, *options, data_dir=data_dir, environ=environ, open_files=open_files)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.process.wait()


def asking(text: str, **run: Any) -> dict[str, Any]:
    """Return parameters of `message.send` for a new conversation that the guide answers."""
    return {
        "conversation": {"id": new_id(), "create": {"origin": "script"}},
        "id": new_id(),
        "parts": [{"type": "text", "text": text}],
        "run": {"id": new_id(), "reply_id": new_id(), "model": "guide", **run},
    }


def wait_until_gone(path: Path) -> None:
    """Wait until a file is gone, under a bound."""
    deadline = time.monotonic() + START_SECONDS
    while path.exists():
        assert time.monotonic() < deadline, f"{path} is still there"
        time.sleep(0.01)
