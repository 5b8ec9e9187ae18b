"""A server that speaks the protocol over a unix socket, or over a link in memory, around the reference model.

It is as well-behaved as the test lets it be: errors, silence and older builds can be told to it. No
disk, no rights, no limits.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from chatty.client.link import LinkClosed
from chatty.protocol import frames
from chatty.protocol.errors import ProtocolError
from tests.instruments.accepting import accepting, listen_unix
from tests.instruments.reference import AT, JsonObject, Reference

Script = Callable[[JsonObject], Iterable[str]]
"""Run -> the pieces of text it streams."""


class FakeServer:
    """The model behind connections.

    Attributes:
        reference: the conversations; tests may act on it directly, watchers hear of it.
        refusals: method -> errors to answer the next requests with, first one first.
        silent_methods: requests that are never answered.
        lose_frame: given a notification, says whether to lose it on the way.
        heard: every request, as ``(method, params)``.
        sessions: the open connections.
    """

    def __init__(self, *, script: Script | None = None, build: str = "0+0", is_local: bool = False) -> None:
        self.reference = Reference()
        self.build = build
        self.is_local = is_local
        self.refusals: dict[str, list[ProtocolError]] = {}
        self.silent_methods: set[str] = set()
        self.lose_frame: Callable[[str, JsonObject], bool] = lambda method, params: False
        self.heard: list[tuple[str, JsonObject]] = []
        self.sessions: list[Session] = []
        self.stop_requests: list[JsonObject] = []
        self._script = script
        self._news: list[tuple[str, JsonObject]] = []
        self._is_answering = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.reference.watchers.append(self._take_news)
        self.reference.on_run = self._play

    @contextlib.asynccontextmanager
    async def listening(self, path: str) -> AsyncIterator["FakeServer"]:
        """Serve on a unix socket."""
        async with accepting(listen_unix(path), self._serve):
            try:
                yield self
            finally:
                await self.settle()

    async def settle(self) -> None:
        """End the scripts that still run."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def dial(self) -> "MemoryLink":
        """Open a link in memory; usable as a ``chatty.client.link.Dial``."""
        link = MemoryLink()
        link.session = Session(self, link.deliver, link.end)
        return link

    def cut_all(self, code: int | None = None) -> None:
        """End every connection at once."""
        for session in tuple(self.sessions):
            session.end(code)

    def notify(self, method: str, params: JsonObject) -> None:
        """Send a notification to every connection."""
        for session in self.sessions:
            session.send(frames.notification(method, params))

    def answer(self, session: "Session", frame: JsonObject) -> None:
        """Answer one request, then send the news it made to everybody."""
        self.heard.append((frame["method"], frame.get("params", {})))
        if session.is_silent or frame["method"] in self.silent_methods:
            session.is_silent = True
            return
        self._is_answering = True
        try:
            answer = frames.result(frame["id"], session.carry_out(frame["method"], frame.get("params", {})))
        except ProtocolError as error:
            answer = frames.error(frame["id"], error.to_wire())
        finally:
            self._is_answering = False
        session.send(answer)
        news, self._news = self._news, []
        for method, params in news:
            self._spread(method, params)

    def _take_news(self, method: str, params: JsonObject) -> None:
        if self._is_answering:
            self._news.append((method, params))
        else:
            self._spread(method, params)

    def _spread(self, method: str, params: JsonObject) -> None:
        for session in tuple(self.sessions):
            session.take_news(method, params)

    def _play(self, run: JsonObject) -> None:
        if self._script is not None:
            task = asyncio.get_running_loop().create_task(self._stream(run, self._script(run)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _stream(self, run: JsonObject, pieces: Iterable[str]) -> None:
        await asyncio.sleep(0)
        self.reference.start(run["id"])
        for piece in pieces:
            self.reference.write(run["id"], piece)
            await asyncio.sleep(0)
        self.reference.finish(run["id"])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"POST /rpc "):
                await _RpcConnection(self, reader, writer).run(head)
            else:
                await _WebSocketConnection(self, reader, writer).run(head)


class Session:
    """The server's side of one connection."""

    def __init__(
        self, server: FakeServer, send: Callable[[JsonObject], None], end: Callable[[int | None], None]
    ) -> None:
        self.server = server
        self.is_initialized = False
        self.is_silent = False
        self.watched: set[str] = set()
        self.runs: set[str] = set()
        self.finished = asyncio.Event()
        self._send = send
        self._end = end
        server.sessions.append(self)

    def take(self, frame: JsonObject) -> None:
        """Handle one frame of the client."""
        if "id" in frame:
            self.server.answer(self, frame)

    def send(self, frame: JsonObject) -> None:
        self._send(frame)

    def end(self, code: int | None = None) -> None:
        if self in self.server.sessions:
            self.server.sessions.remove(self)
            self._end(code)

    def take_news(self, method: str, params: JsonObject) -> None:
        """Pass on what concerns a watched conversation, unless the test loses it."""
        conversation_id = params.get("conversation_id") or params.get("c")
        if conversation_id in self.watched and not self.server.lose_frame(method, params):
            self.send(frames.notification(method, params))
        if params.get("type") == "run.finished":
            self.runs.discard(params["data"]["run_id"])
            if not self.runs:
                self.finished.set()

    def carry_out(self, method: str, params: JsonObject) -> JsonObject:
        if method == "initialize":
            return self._initialize(params)
        if not self.is_initialized:
            raise ProtocolError("not_initialized", "introduce yourself first")
        if pending := self.server.refusals.get(method):
            raise pending.pop(0)
        if method == "server.stop":
            self.server.stop_requests.append(params)
            return {"stopping": True, "active_runs": 0}
        if method == "conversation.unsubscribe":
            self.watched.discard(params["conversation_id"])
        subscribes = method == "conversation.subscribe" or params.get("subscribe")
        result = self.server.reference.handle(method, params)
        if subscribes:
            self.watched.add(params.get("conversation_id") or params["conversation"]["id"])
            if run := result.get("run"):
                self.runs.add(run["id"])
        return result

    def _initialize(self, params: JsonObject) -> JsonObject:
        if pending := self.server.refusals.get("initialize"):
            raise pending.pop(0)
        self.is_initialized = True
        return {
            "protocol": 1,
            "server": {
                "name": "fake",
                "version": "0",
                "build": self.server.build,
                "instance": "1",
                "pid": None,
            },
            "history_id": self.server.reference.history_id,
            "limits": {"max_requests_in_flight": 32},
            "capabilities": {"local": self.server.is_local},
            "user": {"id": "somebody", "name": "somebody"},
            "workspaces": [],
            "time": AT,
        }


class MemoryLink:
    """A link without a socket: what is sent is handled at once, what comes back waits in a queue."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self._frames: asyncio.Queue[bytes | LinkClosed] = asyncio.Queue()
        self._closed: LinkClosed | None = None

    def deliver(self, frame: JsonObject) -> None:
        self._frames.put_nowait(json.dumps(frame).encode())

    def end(self, code: int | None) -> None:
        self._closed = LinkClosed(code)
        self._frames.put_nowait(self._closed)

    async def send(self, frame: bytes) -> None:
        if self._closed is not None:
            raise self._closed
        assert self.session is not None
        self.session.take(json.loads(frame))

    async def receive(self) -> bytes:
        frame = await self._frames.get()
        if isinstance(frame, LinkClosed):
            self._frames.put_nowait(frame)
            raise LinkClosed(frame.code)
        return frame

    async def close(self) -> None:
        if self.session is not None:
            self.session.end(None)


class _RpcConnection:
    """One ``POST /rpc``: lines in, lines out until the run has ended."""

    def __init__(
        self, server: FakeServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._was_cut = False
        self._session = Session(server, self._send, self._cut)

    async def run(self, head: bytes) -> None:
        fields = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:] if ": " in line)
        body = await self._reader.readexactly(int(fields["content-length"]))
        self._writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        for line in body.splitlines():
            self._session.take(json.loads(line))
        if self._session.is_silent or self._session.runs:
            await self._session.finished.wait()
        if not self._was_cut:
            self._writer.write(b"0\r\n\r\n")
            await self._writer.drain()
        self._session.end()

    def _cut(self, code: int | None) -> None:
        self._was_cut = True
        self._session.finished.set()

    def _send(self, frame: JsonObject) -> None:
        line = json.dumps(frame).encode() + b"\n"
        self._writer.write(b"%x\r\n%b\r\n" % (len(line), line))


class _WebSocketConnection:
    """One WebSocket, by the library's protocol without its I/O."""

    def __init__(
        self, server: FakeServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = ServerProtocol(subprotocols=[Subprotocol("chatty.v1.json")], max_size=None)
        self._session = Session(server, self._send, self._close)

    async def run(self, head: bytes) -> None:
        self._protocol.receive_data(head)
        self._handle_events()
        while data := await self._reader.read(65536):
            self._protocol.receive_data(data)
            self._handle_events()
            await self._writer.drain()
        self._session.end()

    def _handle_events(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._session.take(json.loads(bytes(event.data)))
        self._flush()

    def _send(self, frame: JsonObject) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(json.dumps(frame).encode())
            self._flush()

    def _close(self, code: int | None) -> None:
        if code is None:
            self._writer.transport.abort()
        elif self._protocol.state is State.OPEN:
            self._protocol.send_close(code)
            self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)
            elif self._writer.can_write_eof():
                self._writer.write_eof()


def numbered(count: int) -> Script:
    """Return a script whose text shows every loss and doubling: ``0 1 2 …``."""
    return lambda run: [f"{number} " for number in range(count)]


def collected(frames_of_a_stream: Iterable[JsonObject]) -> str:
    """Return the text of the deltas among frames."""
    return "".join(frame["params"]["d"] for frame in frames_of_a_stream if frame.get("method") == "delta")
