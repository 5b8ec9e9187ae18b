"""Whatever three clients do: a view kept up by events equals a view made from a later snapshot."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.providers.errors import ProviderError
from tests.instruments.scripted_provider import ScriptedReply
from tests.server.joined import (
    Frame,
    JoinedClient,
    JoinedServer,
    StrictView,
    differences,
    everything,
    joined_server,
    running,
    sending,
)

TEXTS = st.text(alphabet="ab \n\U0001f468‍\U0001f469é中", min_size=1, max_size=8)
STEPS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000), TEXTS), max_size=25)
REFUSALS = ("conflict/parent_moved", "conflict/run_active", "conflict/not_resumable", "invalid_params")


class Story:
    """Three clients and one conversation; every action is chosen by a small number."""

    def __init__(self, server: JoinedServer, clients: list[JoinedClient]) -> None:
        self.server = server
        self.clients = clients
        self.conversation_id = new_id()
        self.watching: list[StrictView] = []
        self.replies: list[ScriptedReply] = []
        self.actions: list[Callable[[int, str], Awaitable[None]]] = [
            self.send,
            self.queue,
            self.branch,
            self.edit,
            self.regenerate,
            self.go_on,
            self.cancel,
            self.write,
            self.write,
            self.think,
            self.finish,
            self.fail,
            self.rename,
            self.archive,
            self.delete_and_restore,
            self.join,
            self.resume,
        ]

    async def act(self, choice: int, pick: int, text: str) -> None:
        try:
            await self.actions[choice % len(self.actions)](pick, text)
        except ProtocolError as error:
            if error.type not in REFUSALS:
                raise

    async def call(self, pick: int, method: str, params: Frame) -> Frame:
        return await self.clients[pick % len(self.clients)].call(method, params)

    async def one_of(self, pick: int, role: str) -> str | None:
        params = {"conversation_id": self.conversation_id}
        nodes = (await self.call(pick, "message.tree", params))["nodes"]
        found = [node["id"] for node in nodes if node["role"] == role]
        return found[pick % len(found)] if found else None

    async def send(self, pick: int, text: str) -> None:
        await self.call(pick, "message.send", sending(self.conversation_id, text, with_run=bool(pick % 4)))

    async def queue(self, pick: int, text: str) -> None:
        await self.call(pick, "message.send", sending(self.conversation_id, text, mode="queue"))

    async def branch(self, pick: int, text: str) -> None:
        parent_id = await self.one_of(pick, "user")
        params = sending(self.conversation_id, text, mode="branch", parent_id=parent_id)
        await self.call(pick, "message.send", params)

    async def edit(self, pick: int, text: str) -> None:
        if message_id := await self.one_of(pick, "user"):
            params = sending(self.conversation_id, text)
            del params["conversation"]
            params |= {"conversation_id": self.conversation_id, "message_id": message_id}
            await self.call(pick, "message.edit", params)

    async def regenerate(self, pick: int, text: str) -> None:
        if message_id := await self.one_of(pick, "assistant"):
            params = {"conversation_id": self.conversation_id, "message_id": message_id, "run": running()}
            await self.call(pick, "message.regenerate", params)

    async def go_on(self, pick: int, text: str) -> None:
        if message_id := await self.one_of(pick, "assistant"):
            run = running(reply_id=message_id)
            params = {"conversation_id": self.conversation_id, "message_id": message_id, "run": run}
            await self.call(pick, "message.continue", params)

    async def cancel(self, pick: int, text: str) -> None:
        listed = await self.call(pick, "run.list", {"conversation_id": self.conversation_id})
        if active := listed["items"]:
            await self.call(pick, "run.cancel", {"run_id": active[pick % len(active)]["id"]})

    async def write(self, pick: int, text: str) -> None:
        if reply := self.reply(pick):
            reply.write(text)

    async def think(self, pick: int, text: str) -> None:
        if reply := self.reply(pick):
            reply.think(text)

    async def finish(self, pick: int, text: str) -> None:
        if reply := self.reply(pick):
            reply.finish(output_tokens=pick)

    async def fail(self, pick: int, text: str) -> None:
        if reply := self.reply(pick):
            reply.fail(ProviderError("Broken.", type="provider/stream_broken", provider="guide"))

    async def rename(self, pick: int, text: str) -> None:
        params = {"conversation_id": self.conversation_id, "title": f"{text}!"}
        await self.call(pick, "conversation.update", params)

    async def archive(self, pick: int, text: str) -> None:
        method = "conversation.archive" if pick % 2 else "conversation.restore"
        await self.call(pick, method, {"conversation_id": self.conversation_id})

    async def delete_and_restore(self, pick: int, text: str) -> None:
        await self.call(pick, "conversation.delete", {"conversation_id": self.conversation_id})
        await self.call(pick, "conversation.restore", {"conversation_id": self.conversation_id})

    async def join(self, pick: int, text: str) -> None:
        """Begin to watch on a fresh connection, with the messages of every path."""
        watcher = StrictView(await self.server.connect(), self.conversation_id)
        await watcher.join(window={"limit": 200})
        await self.fetch_all(watcher)
        self.watching.append(watcher)

    async def resume(self, pick: int, text: str) -> None:
        """Subscribe again from where a watcher is, as after a lost connection."""
        if not self.watching:
            return
        watcher = self.watching[pick % len(self.watching)]
        watcher.follow()
        since = {"history_id": self.server.services.history_id, "seq": watcher.view.head}
        await watcher.join(since=since, window={"limit": 200})
        await self.fetch_all(watcher)

    async def fetch_all(self, watcher: StrictView) -> None:
        tree = await self.call(0, "message.tree", {"conversation_id": self.conversation_id})
        for node in tree["nodes"]:
            params = {"conversation_id": self.conversation_id, "leaf": node["id"], "limit": 200}
            watcher.view.add_older(await self.call(0, "message.list", params))

    def reply(self, pick: int) -> ScriptedReply | None:
        while self.server.provider.waiting:
            self.replies.append(self.server.provider.take())
        living = [reply for reply in self.replies if not reply.closed.is_set()]
        return living[pick % len(living)] if living else None

    async def end(self) -> None:
        """Let every run come to its end."""
        self.server.provider.finishes_at_once = True
        self.reply(0)
        for reply in self.replies:
            reply.finish()
        async with asyncio.timeout(10):
            while self.server.services.engine.active_count:
                await self.server.services.engine.settled(self.conversation_id)
        self.server.provider.finishes_at_once = False

    async def check(self) -> None:
        """Compare every watcher with a snapshot taken now."""
        await self.join(0, "")
        last = self.watching[-1]
        for watcher in self.watching:
            await watcher.follow_to(last.view.head)
            assert differences(everything(watcher.view), everything(last.view)) == {}


async def tell(server: JoinedServer, clients: list[JoinedClient], steps: list[tuple[int, int, str]]) -> None:
    story = Story(server, clients)
    await clients[0].call("conversation.create", id=story.conversation_id)
    await story.join(0, "")
    for step in steps:
        await story.act(*step)
    await story.end()
    await story.check()
    for watcher in story.watching:
        await watcher.leave()


def test_views_agree_after_any_story(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        stack = joined_server(tmp_path)
        server = runner.run(stack.__aenter__())
        clients: list[JoinedClient] = [runner.run(server.connect()) for _ in range(3)]

        @settings(
            max_examples=60,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(steps=STEPS)
        def check(steps: Any) -> None:
            runner.run(tell(server, clients, steps))

        try:
            check()
        finally:
            runner.run(stack.__aexit__(None, None, None))
