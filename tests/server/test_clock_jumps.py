"""A wall clock that jumps by years, both ways: neither order nor durations follow it."""

import json
import time
from pathlib import Path

import pytest

from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.server_process import asking, server_process
from tests.server.joined import JoinedServer, begin, sending
from tests.server.processes import ask, hello, opened

FAKETIME = sorted(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))
YEAR_MS = 365 * 24 * 3600 * 1000


class WallClock:
    """Stands for the module `time` where the server reads the wall clock."""

    def __init__(self) -> None:
        self.offset_ms = 0
        self.gmtime, self.strftime = time.gmtime, time.strftime

    def time_ns(self) -> int:
        return time.time_ns() + self.offset_ms * 1_000_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    wall = WallClock()
    monkeypatch.setattr("chatty.server.clock.time", wall)
    return wall


async def test_messages_stay_in_the_order_they_came(server: JoinedServer, clock: WallClock) -> None:
    client = await server.connect()
    talk = await begin(client)
    sent, run_id, parent_id = [talk.message_id], talk.run_id, talk.reply_id
    for years in (10, -10, 3, -7):
        reply = await server.provider.asked()
        clock.offset_ms = years * YEAR_MS
        reply.write("done")
        reply.finish()
        await client.saw_event("run.finished", run_id=run_id, status="completed")
        params = sending(talk.id, f"in {years} years", parent_id=parent_id)
        await client.call("message.send", params)
        sent.append(params["id"])
        run_id, parent_id = params["run"]["id"], params["run"]["reply_id"]
    listed = (await client.call("message.list", conversation_id=talk.id))["messages"]
    assert [message["id"] for message in listed if message["role"] == "user"] == sent
    seqs = [frame["params"]["seq"] for frame in client.frames if frame.get("method") == "event"]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))


@pytest.mark.skipif(not FAKETIME, reason="needs libfaketime")
async def test_process_whose_clock_jumps_stays_and_answers(tmp_path: Path) -> None:
    """The real server, with a wall clock that a file moves while an answer streams."""
    offset = tmp_path / "offset"
    offset.write_text("+0")
    fake = {
        "LD_PRELOAD": str(FAKETIME[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_CACHE_DURATION": "1",  # it looks at the file once a second
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    params = asking("go", model="openai/tok300-delay10")
    async with FakeUpstream() as upstream:
        with server_process(tmp_path, "--idle-seconds", "30", environ=fake) as process:
            async with opened(process) as link:
                own = {"providers": {"openai": {"api_key": "k", "base_url": upstream.url}}}
                await hello(link, provider_credentials=own)
                await ask(link, "message.send", {**params, "subscribe": True})
                jumps, text = ["-3d", "-10y", "+10y"], ""
                while True:
                    frame = json.loads(await link.recv())
                    if frame["method"] == "delta":
                        text += frame["params"]["d"]
                        if jumps and len(text) > 450 * (4 - len(jumps)):
                            offset.write_text(jumps.pop())
                    elif frame["params"].get("type") == "run.finished":
                        break
                finished = frame["params"]["data"]
            status = process.call("server.status")["result"]
    assert jumps == []
    assert (finished["status"], len(text)) == ("completed", 1800)
    assert 0 <= status["uptime_seconds"] < 60
