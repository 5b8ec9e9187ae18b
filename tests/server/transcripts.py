"""Transcripts: what two sides say in a scenario, one JSON object per line, kept under `tests/transcripts`.

    {"connection": "a", "sends": FRAME}      the client sends
    {"connection": "a", "receives": FRAME}   the server answers or notifies
    {"connection": "a", "leaves": true}      the link is lost
    {"provider": "write", "text": "…"}       the model goes on: write, think, finish, fail
    {"server": "crashes"}                    every connection is lost; another server takes over

Ids that clients mint are as written; what differs between runs stands there as `<name>`. They are made
from the scenarios of this package, and replayed from the files alone:

    python -m tests.server.transcripts --update
"""

import argparse
import asyncio
import contextlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from chatty.providers.errors import ProviderError
from chatty.server.live import journal
from tests.instruments.scripted_provider import PATIENCE_SECONDS, ScriptedReply
from tests.server.joined import Frame, JoinedClient, JoinedServer, joined_server

FOLDER = Path(__file__).parents[1] / "transcripts"
Line = dict[str, Any]
_TIME = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"')


class Stage:
    """A server, its clients by name, and the replies of the model, on which lines are acted."""

    def __init__(self, data_dir: Path) -> None:
        self.clients: dict[str, JoinedClient] = {}
        self._data_dir = data_dir
        self._replies: list[ScriptedReply] = []
        self._read: dict[str, int] = {}
        self._stack = contextlib.AsyncExitStack()
        self._server: JoinedServer | None = None

    async def __aenter__(self) -> "Stage":
        self._server = await self._stack.enter_async_context(joined_server(self._data_dir))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def server(self) -> JoinedServer:
        """The server that is on now."""
        assert self._server is not None
        return self._server

    async def act(self, line: Line) -> None:
        """Do what a line says that is not the server's word."""
        if "sends" in line:
            self._client(line["connection"]).send_bytes(self._real(line["sends"]).encode())
        elif "leaves" in line:
            await self.clients.pop(line["connection"]).leave()
            self._read.pop(line["connection"], None)
        elif line.get("server") == "crashes":
            await self._crash()
        else:
            await self._let_provider(line)

    async def receive(self, connection: str) -> Frame:
        """Return the next frame a client gets, with placeholders for what differs between runs."""
        client = self._client(connection)
        position = self._read.get(connection, 0)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(client.frames) <= position:
                await client.channel.changed()
        self._read[connection] = position + 1
        return self._shown(client.frames[position])

    def unread(self) -> list[Frame]:
        """Return what clients got and nobody asked for."""
        return [
            self._shown(frame)
            for name, client in self.clients.items()
            for frame in client.frames[self._read.get(name, 0) :]
        ]

    def _client(self, name: str) -> JoinedClient:
        if name not in self.clients:
            self.clients[name] = self.server.open()
        return self.clients[name]

    async def _let_provider(self, line: Line) -> None:
        if not self._replies or self._replies[-1].closed.is_set() or self.server.provider.waiting:
            self._replies.append(await self.server.provider.asked())
        reply = self._replies[-1]
        match line["provider"]:
            case "write":
                reply.write(line["text"])
            case "think":
                reply.think(line["text"])
            case "finish":
                reply.finish(output_tokens=line["output_tokens"])
            case "fail":
                reply.fail(ProviderError(line["message"], type=line["type"], provider="guide"))

    async def _crash(self) -> None:
        image = self._data_dir / "after"
        image.mkdir()
        for name in ("chatty.db", "chatty.db-wal"):
            shutil.copy(self._data_dir / name, image / name)
        self.clients.clear()
        self._read.clear()
        self._replies.clear()
        self._server = await self._stack.enter_async_context(joined_server(image))

    def _facts(self) -> Mapping[str, str]:
        services = self.server.services
        return {
            services.history_id: "<history>",
            services.instance: "<instance>",
            services.principal.user_id: "<user>",
            services.principal.workspace_id: "<workspace>",
        }

    def _real(self, frame: Frame) -> str:
        text = json.dumps(frame)
        for value, name in self._facts().items():
            text = text.replace(name, value)
        return text

    def _shown(self, frame: Frame) -> Frame:
        text = _TIME.sub('"<time>"', json.dumps(frame))
        for value, name in self._facts().items():
            text = text.replace(value, name)
        shown: Frame = json.loads(text)
        told = shown.get("result", {}).get("server", {})
        told.update({name: f"<{name}>" for name in ("version", "build", "pid") if name in told})
        return shown


@contextlib.contextmanager
def text_kept_after(seconds: float) -> Iterator[None]:
    """Keep text in flight at a known moment: the journal's pace would decide where `part.started` stands."""
    with mock.patch.object(journal, "INTERVAL_SECONDS", seconds):
        yield


def pace_of(lines: Iterable[Line]) -> float:
    """Return the journal's pace for a scenario: at once before a crash, else only at the end."""
    return 0.0 if any("server" in line for line in lines) else 3600.0


def load(path: Path) -> list[Line]:
    """Read a transcript."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Recorder:
    """Acts a scenario and writes down both sides. Scenarios are functions over it."""

    def __init__(self, stage: Stage) -> None:
        self.lines: list[Line] = []
        self._stage = stage
        self._ids: dict[str, int] = {}
        self._acted_at = 0

    async def ask(self, connection: str, method: str, **params: Any) -> Frame:
        """Send a request and record everything up to its answer; return the answer."""
        request_id = self._ids[connection] = self._ids.get(connection, 0) + 1
        await self.send(connection, {"id": request_id, "method": method, "params": params})
        return await self.until(connection, lambda frame: frame.get("id") == request_id)

    async def send(self, connection: str, members: Frame) -> None:
        """Send a frame, whatever it is."""
        await self._do({"connection": connection, "sends": {"jsonrpc": "2.0", **members}})

    async def until(self, connection: str, is_last: Callable[[Frame], bool]) -> Frame:
        """Record what a client gets up to a certain frame."""
        while True:
            frame = await self._stage.receive(connection)
            self.lines.append({"connection": connection, "receives": frame})
            if is_last(frame):
                return frame

    async def until_event(self, connection: str, event_type: str) -> Frame:
        """Record what a client gets up to an event of this type, if it has not come since the last act."""
        for line in self.lines[self._acted_at :]:
            frame: Frame = line.get("receives", {})
            if line.get("connection") == connection and frame.get("params", {}).get("type") == event_type:
                return frame
        return await self.until(connection, lambda frame: frame.get("params", {}).get("type") == event_type)

    async def write(self, connection: str, text: str, *, as_reasoning: bool = False) -> None:
        """Let the model write, and wait until a client has the text."""
        await self._do({"provider": "think" if as_reasoning else "write", "text": text})
        await self.until(connection, lambda frame: frame.get("method") == "delta")

    async def finish(self, connection: str, output_tokens: int = 2) -> None:
        """Let the model end its reply."""
        await self._do({"provider": "finish", "output_tokens": output_tokens})
        await self.until_event(connection, "run.finished")

    async def fail(self, connection: str, error_type: str, message: str) -> None:
        """Let the provider break the reply."""
        await self._do({"provider": "fail", "type": error_type, "message": message})
        await self.until_event(connection, "run.finished")

    async def leave(self, connection: str) -> None:
        """Let a client lose its link; the same name may come back on a new one."""
        await self._do({"connection": connection, "leaves": True})
        del self._ids[connection]

    async def crash(self) -> None:
        """Let the server die and another one take over."""
        await self._do({"server": "crashes"})
        self._ids.clear()

    async def _do(self, line: Line) -> None:
        self.lines.append(line)
        self._acted_at = len(self.lines)
        await self._stage.act(line)


async def record(name: str) -> str:
    """Act a scenario; return its transcript."""
    from tests.server import scenarios

    scenario = scenarios.ALL[name]
    pace = 0.0 if name in scenarios.CRASHING else 3600.0
    with tempfile.TemporaryDirectory() as folder, text_kept_after(pace):
        async with Stage(Path(folder)) as stage:
            recorder = Recorder(stage)
            await scenario(recorder)
            assert stage.unread() == [], "a scenario ends when everything has been read"
    return "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in recorder.lines)


def main() -> int:
    """Record every scenario anew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--update", action="store_true", required=True)
    parser.parse_args()
    from tests.server import scenarios

    FOLDER.mkdir(exist_ok=True)
    for name in scenarios.ALL:
        (FOLDER / f"{name}.jsonl").write_text(asyncio.run(record(name)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
