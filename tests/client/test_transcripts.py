"""The client says in every scenario what its transcript says, and ends where the last snapshot is."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chatty.client.backoff import Backoff
from chatty.client.connection import Client
from chatty.client.link import LinkClosed
from chatty.client.subscription import Subscription
from chatty.client.view import ConversationView
from chatty.protocol.build import build_id
from chatty.protocol.errors import ProtocolError
from tests.client.test_view import everything
from tests.instruments.waiting import until

FOLDER = Path(__file__).parents[1] / "transcripts"
LAST = "z"
"""The connection that takes a snapshot at the end of every scenario."""
IN_SNAPSHOTS_ONLY = ("last_message_at", "updated_at", "ephemeral")
"""Members of a conversation that no event repeats whenever they change."""
NOTHING_YET = {"mode": "snapshot", "history_id": "<history>", "head": 0, "open_parts": [], "conversation": {}}
"""What a program sees of a conversation that its own message is about to make."""

Frame = dict[str, Any]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.jsonl")), ids=lambda path: path.stem)
async def test_client_speaks_and_understands_as_transcribed(path: Path) -> None:
    lines = load(path)
    async with clients(lines) as by_name:
        for number, line in enumerate(lines, start=1):
            try:
                await replay(by_name, line)
            except (AssertionError, TimeoutError) as error:
                error.add_note(f"line {number}")
                raise
        last = by_name.pop(LAST)
        followers = [client for client in by_name.values() if client.is_following]
        assert followers
        for client in followers:
            await until(lambda client=client: client.view.head == last.view.head)  # type: ignore[misc]
            assert comparable(client.view, last.view) == comparable(last.view, last.view), client.name


def load(path: Path) -> list[Frame]:
    """Read a transcript whose server is as new as this client: it is not asked to make room."""
    text = path.read_text(encoding="utf-8").replace("<build>", build_id())
    return [json.loads(line) for line in text.splitlines()]


async def replay(by_name: dict[str, "Replayed"], line: Frame) -> None:
    """Let the client of a line's connection do what it says, or hear it."""
    if "connection" not in line:
        if line.get("server") == "crashes":
            for client in by_name.values():
                client.lose_link()
        return
    client = by_name[line["connection"]]
    if "sends" in line:
        await client.say(line["sends"])
    elif "receives" in line:
        await client.hear(line["receives"])
    else:
        client.lose_link()


class PlayedLink:
    """A link whose other end is a transcript."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[Frame] = asyncio.Queue()
        self._coming: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.is_open = True

    def deliver(self, frame: Frame) -> None:
        self._coming.put_nowait(frame)

    def end(self) -> None:
        self.is_open = False
        self._coming.put_nowait(None)

    async def send(self, frame: bytes) -> None:
        if not self.is_open:
            raise LinkClosed
        self.said.put_nowait(json.loads(frame))

    async def receive(self) -> bytes:
        frame = await self._coming.get()
        if frame is None:
            raise LinkClosed
        return json.dumps(frame).encode()

    async def close(self) -> None:
        self.end()


class Replayed:
    """One client of a transcript: what it was asked for, and what it follows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.view = ConversationView()
        self.client = Client(self._dial, backoff=Backoff(first_seconds=0.0))
        self._link = PlayedLink()
        self._is_introduced = False
        self._subscription: Subscription | None = None
        self._following: asyncio.Task[None] | None = None
        self._asking: dict[int, asyncio.Task[Frame]] = {}
        self._ids: dict[int, int] = {}
        """A request's id in the transcript -> the one this client gave it."""

    @property
    def is_following(self) -> bool:
        """Whether it had its link to the end and followed the conversation."""
        return self._subscription is not None and self._link.is_open and self._is_introduced

    async def close(self) -> None:
        if self._following is not None:
            self._following.cancel()
        for asking in self._asking.values():
            asking.cancel()
        self._link.end()
        await self.client.close()

    def lose_link(self) -> None:
        self._is_introduced = False
        self._link.end()

    async def say(self, wanted: Frame) -> None:
        """Let the client send a frame of the transcript, and compare. What it never sends is skipped."""
        method, params = wanted.get("method"), wanted.get("params", {})
        if method == "initialize":
            self.client.start()
            said = await self._said(wanted)
            assert (said["method"], said["params"]["protocol"]) == (method, params["protocol"])
            self._is_introduced = True
        elif method is None or not self._is_introduced:
            return
        elif method == "conversation.subscribe":
            is_resuming = self._subscription is not None
            self._follow(params["conversation_id"])
            said = await self._said(wanted)
            assert said["method"] == method
            assert said["params"].get("since") == (params.get("since") if is_resuming else None)
        else:
            if params.get("subscribe") and self._subscription is None:
                await self._follow_from_nothing(params["conversation"]["id"])
            self._asking[wanted["id"]] = asyncio.create_task(self.client.call(method, params))
            said = await self._said(wanted)
            assert (said["method"], said["params"]) == (method, params)

    async def hear(self, frame: Frame) -> None:
        """Let the client receive a frame; what was asked must be answered with what the frame says."""
        if "method" in frame:
            self._link.deliver(frame)
        elif frame["id"] in self._ids:
            self._link.deliver({**frame, "id": self._ids.pop(frame["id"])})
            asking = self._asking.pop(frame["id"], None)
            if asking is None:
                await until(lambda: self.client.session is not None)
            elif "error" in frame:
                with pytest.raises(ProtocolError) as refused:
                    await asking
                assert refused.value.to_wire() == frame["error"]
            else:
                assert await asking == frame["result"]

    async def _dial(self) -> PlayedLink:
        self._link = PlayedLink()
        return self._link

    async def _said(self, wanted: Frame) -> Frame:
        await until(lambda: self._link.is_open and not self._link.said.empty())
        said = self._link.said.get_nowait()
        self._ids[wanted["id"]] = said["id"]
        return said

    def _follow(self, conversation_id: str) -> None:
        if self._subscription is None:
            self._subscription = self.client.subscribe(conversation_id)
            self._following = asyncio.create_task(self._apply(self._subscription))

    async def _follow_from_nothing(self, conversation_id: str) -> None:
        self._follow(conversation_id)
        said = await self._said({"id": 0})
        self._link.deliver({"jsonrpc": "2.0", "id": said["id"], "result": NOTHING_YET})

    async def _apply(self, subscription: Subscription) -> None:
        async for update in subscription:
            self.view.apply(update)


@asynccontextmanager
async def clients(lines: list[Frame]) -> AsyncIterator[dict[str, Replayed]]:
    """One client for every connection's name."""
    by_name = {line["connection"]: Replayed(line["connection"]) for line in lines if "connection" in line}
    everybody = list(by_name.values())
    try:
        yield by_name
    finally:
        for client in everybody:
            await client.close()


def comparable(view: ConversationView, last: ConversationView) -> dict[str, Any]:
    """Return what a view shows of the messages that the last snapshot holds."""
    shown = everything(view)
    for by_message in ("messages", "siblings"):
        shown[by_message] = {name: shown[by_message][name] for name in last.messages}
    for message in shown["messages"].values():
        message["usage"] = {k: v for k, v in (message["usage"] or {}).items() if v is not None}
    for member in IN_SNAPSHOTS_ONLY:
        shown["conversation"].pop(member, None)
    return shown
