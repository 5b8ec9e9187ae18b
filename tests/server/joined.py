"""Clients and a server joined in memory: frames go in, frames come out, and no socket is between them.

The store is a real SQLite file and the dispatcher, the connection and the engine are the server's own.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatty.client.updates import Delta, Event, Snapshot
from chatty.client.view import ConversationView
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.protocol.limits import DEFAULT_LIMITS, Limits
from chatty.providers.registry import Providers
from chatty.server.app import serving
from chatty.server.connection import Connection
from chatty.server.dispatch import Dispatcher
from chatty.server.operations import ALL
from chatty.server.registry import build_registry
from chatty.server.services import Services
from chatty.server.settings import ServerSettings
from chatty.server.transport import ChannelListener
from tests.instruments.fresh import everything_of
from tests.instruments.scripted_provider import PATIENCE_SECONDS, ScriptedProvider

Frame = dict[str, Any]
INITIALIZE: Frame = {"protocol": {"min": 1, "max": 1}, "client": {"name": "test", "version": "0"}}


class FakeChannel:
    """The socket of a connection: what was written to it, in order, and whether it takes more."""

    def __init__(self) -> None:
        self.listener: ChannelListener | None = None
        self.frames: list[Frame] = []
        self.closed_with: int | None = None
        self.is_aborted = False
        self.room: int | None = None
        """How many more frames fit; None: any number."""
        self.on_write: Callable[[Frame], None] | None = None
        self._news = asyncio.Event()

    @property
    def can_write(self) -> bool:
        """Whether the peer takes data."""
        return self.room is None or self.room > 0

    def write(self, body: bytes) -> None:
        """Take one frame; a socket always takes what is written, and says afterwards that it is full."""
        frame = json.loads(body)
        self.frames.append(frame)
        self._news.set()
        if self.on_write is not None:
            self.on_write(frame)
        if self.room is not None:
            self.room -= 1
            if self.room <= 0 and self.listener is not None:
                self.listener.on_blocked()

    def close(self, code: int, reason: str) -> None:
        """Note the good-bye."""
        if self.closed_with is None:
            self.closed_with = code
        self._news.set()

    def abort(self) -> None:
        """Note that the peer was dropped."""
        self.is_aborted = True
        self._news.set()

    def block(self) -> None:
        """Take nothing from now on."""
        self.room = 0
        assert self.listener is not None
        self.listener.on_blocked()

    def drain(self, room: int | None = None) -> None:
        """Take data again: `room` frames, or any number."""
        self.room = room
        assert self.listener is not None
        self.listener.on_writable()

    async def changed(self) -> None:
        """Wait until something was written or closed."""
        self._news.clear()
        await self._news.wait()


class JoinedClient:
    """One connection, driven frame by frame."""

    def __init__(self, connection: Connection, channel: FakeChannel, dispatcher: Dispatcher) -> None:
        self.connection = connection
        self.channel = channel
        self.methods: dict[int, str] = {}
        """Request id -> method, of everything posted."""
        self._dispatcher = dispatcher
        self._next_id = 1
        self._read = 0

    @property
    def frames(self) -> list[Frame]:
        """Everything the server has written."""
        return self.channel.frames

    def send_bytes(self, frame: bytes) -> None:
        """Let a raw frame arrive."""
        self._dispatcher.receive(self.connection, frame)

    def post(self, method: str, params: Frame | None = None, **named: Any) -> int:
        """Send a request without waiting; return its id."""
        request_id, self._next_id = self._next_id, self._next_id + 1
        self.methods[request_id] = method
        frame = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": {**(params or {}), **named}}
        self.send_bytes(json.dumps(frame).encode())
        return request_id

    async def answer(self, request_id: int | str | None) -> Frame:
        """Wait for the frame that answers a request; result or error."""
        return await self.saw(lambda frame: "method" not in frame and frame.get("id") == request_id)

    async def call(self, method: str, params: Frame | None = None, **named: Any) -> Frame:
        """Send a request and return its result. Raises ProtocolError."""
        frame = await self.answer(self.post(method, params, **named))
        if "error" in frame:
            raise ProtocolError.from_wire(frame["error"])
        result: Frame = frame["result"]
        return result

    async def saw(self, is_wanted: Callable[[Frame], bool]) -> Frame:
        """Wait until a frame like this is among all that were written; return the first one."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for frame in self.frames:
                    if is_wanted(frame):
                        return frame
                await self.channel.changed()

    async def saw_event(self, event_type: str, **data: Any) -> Frame:
        """Wait for a durable event of this type whose data has these members; return its parameters."""

        def is_wanted(frame: Frame) -> bool:
            if frame.get("method") != "event" or frame["params"]["type"] != event_type:
                return False
            found: Frame = frame["params"]["data"]
            return data.items() <= found.items()

        params: Frame = (await self.saw(is_wanted))["params"]
        return params

    def notifications(self, method: str) -> list[Frame]:
        """Return the parameters of every notification of this kind so far."""
        return [frame["params"] for frame in self.frames if frame.get("method") == method]

    def events(self, conversation_id: str | None = None) -> list[Frame]:
        """Return the durable events so far."""
        return [
            event
            for event in self.notifications("event")
            if conversation_id in (None, event["conversation_id"])
        ]

    async def leave(self) -> None:
        """End the connection as a closed socket would."""
        await self.connection.closed()


@dataclass
class JoinedServer:
    """A server without sockets. Made by `joined_server`."""

    services: Services
    provider: ScriptedProvider
    """Answers as the guide: no key is needed."""
    keyed: ScriptedProvider
    """Answers as `openai`: needs a key."""
    dispatcher: Dispatcher
    clients: list[JoinedClient] = field(default_factory=list)
    has_foreign_frames: bool = False
    """The test itself published frames, which need not be what the schema says."""

    def open(self, *, trusted: bool = True) -> JoinedClient:
        """Open a connection that has not said anything."""
        channel = FakeChannel()
        connection = Connection(channel, self.services.hub, self.services.limits, is_trusted_socket=trusted)
        channel.listener = connection.outbound
        self.services.connections.add(connection)
        client = JoinedClient(connection, channel, self.dispatcher)
        self.clients.append(client)
        return client

    async def connect(self, **initialize: Any) -> JoinedClient:
        """Open a connection and initialize it."""
        client = self.open()
        await client.call("initialize", INITIALIZE, **initialize)
        return client


@contextlib.asynccontextmanager
async def joined_server(
    data_dir: Path, *, limits: Limits = DEFAULT_LIMITS, drain_seconds: float = 0.0
) -> AsyncIterator[JoinedServer]:
    """Run a server over a data directory; every connection is closed at the end."""
    provider, keyed = ScriptedProvider(), ScriptedProvider(needs_key=True)
    providers = Providers({"guide": provider, "openai": keyed, "groq": keyed})
    settings = ServerSettings(data_dir=data_dir, run_dir=data_dir / "run", drain_seconds=drain_seconds)
    async with serving(settings, providers) as services:
        services.limits = limits
        server = JoinedServer(services, provider, keyed, Dispatcher(build_registry(ALL), services))
        try:
            yield server
        finally:
            for client in server.clients:
                services.connections.discard(client.connection)
                await client.leave()


def sending(conversation_id: str, text: str, *, with_run: bool = True, **more: Any) -> Frame:
    """Return parameters of `message.send` with fresh ids; the guide answers unless told otherwise."""
    params: Frame = {
        "conversation": {"id": conversation_id},
        "id": new_id(),
        "parts": [{"type": "text", "text": text}],
    }
    if with_run:
        params["run"] = running(**more.pop("run", {}))
    return params | more


def running(**more: Any) -> Frame:
    """Return a run draft with fresh ids."""
    return {"id": new_id(), "reply_id": new_id(), "model": "guide"} | more


@dataclass(frozen=True)
class Talk:
    """A conversation with one message whose reply is being written."""

    id: str
    message_id: str
    reply_id: str
    run_id: str


async def begin(client: JoinedClient, text: str = "hello", **more: Any) -> Talk:
    """Make a conversation, subscribed, with a message and a queued reply."""
    conversation_id = new_id()
    params = sending(conversation_id, text, subscribe=True, **more)
    params["conversation"].setdefault("create", {"origin": "tui"})
    await client.call("message.send", params)
    return Talk(params["conversation"]["id"], params["id"], params["run"]["reply_id"], params["run"]["id"])


async def finished_talk(server: JoinedServer, client: JoinedClient, text: str = "hello") -> Talk:
    """Make a conversation with one message and its complete reply, `done`."""
    talk = await begin(client, text)
    reply = await server.provider.asked()
    reply.write("done")
    reply.finish()
    await client.saw_event("run.finished", run_id=talk.run_id)
    return talk


class StrictView:
    """Follows one conversation through a client's frames, and fails on any gap, overlap or repetition."""

    def __init__(self, client: JoinedClient, conversation_id: str) -> None:
        self.view = ConversationView()
        self._client = client
        self._conversation_id = conversation_id
        self._lengths: dict[tuple[str, int], int] = {}
        self._read = 0

    async def join(self, **params: Any) -> Frame:
        """Subscribe and take over the answer; what follows is taken by `follow`."""
        request_id = self._client.post(
            "conversation.subscribe", {"conversation_id": self._conversation_id, **params}
        )
        answer = await self._client.answer(request_id)
        if "error" in answer:
            raise ProtocolError.from_wire(answer["error"])
        result: Frame = answer["result"]
        self.follow(until=answer)
        self._begin(result)
        for event in result["events"]:
            if event["type"] == "part.completed":
                await self._read_what_is_missing(event["data"])
        return result

    async def leave(self) -> None:
        """End the connection."""
        await self._client.leave()

    def follow(self, until: Frame | None = None) -> None:
        """Take every frame written since the last one taken, up to one of them."""
        while self._read < len(self._client.frames):
            frame = self._client.frames[self._read]
            self._read += 1
            if frame is until:
                return
            params = frame.get("params", {})
            if frame.get("method") == "event" and params["conversation_id"] == self._conversation_id:
                self._take_event(params)
            elif frame.get("method") == "delta" and params["c"] == self._conversation_id:
                self._take_delta(params)

    async def follow_to(self, head: int) -> None:
        """Follow until this event has been taken."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            self.follow()
            while self.view.head < head:
                await self._client.channel.changed()
                self.follow()

    def _begin(self, result: Frame) -> None:
        if result["mode"] == "snapshot":
            self.view.apply(Snapshot(result))
            self._lengths = {
                (message["id"], index): len(part["text"])
                for message in result["messages"]
                for index, part in enumerate(message["parts"])
            }
        for event in result["events"]:
            self._take_event(event, has_text=False)
        for part in result["open_parts"]:
            self._lengths[part["message_id"], part["part"]] = len(part["text"])
            if result["mode"] == "tail":
                self.view.apply(
                    Delta(part["message_id"], part["part"], 0, part["text"], part["g"], part["type"])
                )

    async def _read_what_is_missing(self, data: Frame) -> None:
        """Fetch the text of a part that was completed while nobody listened: a tail holds no text."""
        place = data["message_id"], data["part"]
        offset = self._lengths.get(place, 0)
        if offset < data["len"]:
            read = {"conversation_id": self._conversation_id, "message_id": place[0], "part": place[1]}
            piece = await self._client.call("part.read", {**read, "from": offset})
            self._lengths[place] = data["len"]
            self.view.apply(Delta(*place, offset, piece["text"], piece["g"], piece["type"]))

    def _take_event(self, params: Frame, *, has_text: bool = True) -> None:
        assert params["seq"] == self.view.head + 1, (params["seq"], self.view.head)
        data = params["data"]
        if params["type"] == "part.completed" and has_text:
            assert self._lengths.get((data["message_id"], data["part"]), 0) == data["len"], data
        if params["type"] == "message.created":
            for index, part in enumerate(data["message"]["parts"]):
                self._lengths[data["message"]["id"], index] = len(part["text"])
        self.view.apply(
            Event(
                self._conversation_id, params["seq"], params["type"], params["at"], params.get("actor"), data
            )
        )

    def _take_delta(self, params: Frame) -> None:
        place = params["m"], params["p"]
        assert params["o"] == self._lengths.get(place, 0), (params, self._lengths.get(place))
        self._lengths[place] = params["o"] + len(params["d"])
        self.view.apply(Delta(*place, params["o"], params["d"], params.get("g", 0), params.get("t", "text")))


def everything(view: ConversationView) -> Frame:
    """Return what two views of the same moment must agree on."""
    names = ("id", "title", "model", "system", "message_count", "is_answering", "head")
    return {
        "conversation": {name: view.conversation.get(name) for name in names},
        "messages": {
            message.id: {
                **{name: getattr(message, name) for name in message.__slots__ if name != "parts"},
                "parts": [everything_of(part) for part in message.parts],
            }
            for message in view.messages.values()
        },
        "siblings": {message_id: view.siblings(message_id) for message_id in view.messages},
        "leaf": view.leaf,
        "runs": {
            run["id"]: {name: run[name] for name in ("status", "message_id", "provider", "model")}
            for run in view.runs.values()
        },
    }


def differences(first: Any, second: Any, where: str = "") -> dict[str, tuple[Any, Any]]:
    """Return where two values differ, by path: what a failed comparison of views should show."""
    if isinstance(first, dict) and isinstance(second, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for name in first.keys() | second.keys():
            found |= differences(first.get(name), second.get(name), f"{where}/{name}")
        return found
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        found = {}
        for index, pair in enumerate(zip(first, second, strict=True)):
            found |= differences(*pair, where=f"{where}/{index}")
        return found
    return {} if first == second else {where: (first, second)}
