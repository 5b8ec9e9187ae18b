"""One request per connection, over a real socket, with the standard library only."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

import chatty.client.skew
from chatty.client.oneshot import OneShot
from chatty.client.target import SocketTarget
from chatty.protocol.build import build_id
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.protocol.versions import PROTOCOL_VERSIONS
from tests.instruments.fake_server import FakeServer, collected, numbered
from tests.instruments.reference import sending

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    async with asyncio.timeout(20):
        return await asyncio.to_thread(work)


async def test_call_returns_the_result(short_dir: str) -> None:
    path = os.path.join(short_dir, "s")
    async with FakeServer().listening(path):
        assert "time" in await in_thread(lambda: OneShot(SocketTarget(path)).call("ping", {}))


async def test_stream_yields_the_response_then_every_frame_to_the_end(short_dir: str) -> None:
    path = os.path.join(short_dir, "s")
    params = {**sending(new_id(), "count"), "subscribe": True}
    async with FakeServer(script=numbered(500)).listening(path):
        frames = await in_thread(lambda: list(OneShot(SocketTarget(path)).stream("message.send", params)))
    assert frames[0]["result"]["run"]["id"] == params["run"]["id"]
    assert collected(frames) == "".join(f"{number} " for number in range(500))
    assert frames[-1]["params"]["type"] == "run.finished"


async def test_refusal_keeps_the_servers_words(short_dir: str) -> None:
    path = os.path.join(short_dir, "s")
    async with FakeServer().listening(path):
        with pytest.raises(ProtocolError) as caught:
            await in_thread(
                lambda: OneShot(SocketTarget(path)).call("conversation.subscribe", {"conversation_id": "no"})
            )
    assert caught.value.type == "not_found"


async def test_nobody_listens(short_dir: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        OneShot(SocketTarget(os.path.join(short_dir, "s"))).call("ping", {})
    assert caught.value.type == "connection/refused"


async def test_server_that_says_nothing_is_stuck(short_dir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatty.client.oneshot.FIRST_WORD_SECONDS", 0.1)
    path = os.path.join(short_dir, "s")
    server = FakeServer()
    server.silent_methods.add("initialize")
    async with server.listening(path):
        with pytest.raises(ProtocolError) as caught:
            await in_thread(lambda: OneShot(SocketTarget(path)).call("ping", {}))
    assert caught.value.type == "connection/stuck"
    assert "chatty server stop --force" in caught.value.message


async def test_the_callers_time_is_kept(short_dir: str) -> None:
    path = os.path.join(short_dir, "s")
    server = FakeServer()
    server.silent_methods.add("ping")
    async with server.listening(path):
        with pytest.raises(ProtocolError) as caught:
            await in_thread(lambda: OneShot(SocketTarget(path)).call("ping", {}, timeout_seconds=0.1))
    assert caught.value.type == "timeout"


async def test_answer_that_breaks_off_is_lost(short_dir: str) -> None:
    path = os.path.join(short_dir, "s")
    params = {**sending(new_id(), "count"), "subscribe": True}
    server = FakeServer()
    async with server.listening(path):
        stream = await in_thread(lambda: OneShot(SocketTarget(path)).stream("message.send", params))
        await in_thread(lambda: next(stream))
        assert server.sessions[0].runs
        reading = asyncio.create_task(in_thread(lambda: list(stream)))
        server.cut_all()
        await server.settle()
        with pytest.raises(ProtocolError) as caught:
            await reading
    assert caught.value.type == "connection/lost"


@pytest.mark.parametrize(
    ("supported", "side"),
    [([0], "update the server"), ([2, 3], "update chatty here")],
)
async def test_other_major_says_which_side_to_update(short_dir: str, supported: list[int], side: str) -> None:
    path = os.path.join(short_dir, "s")
    server = FakeServer()
    server.refusals["initialize"] = [
        ProtocolError("protocol_unsupported", "no", details={"supported": supported})
    ]
    async with server.listening(path):
        with pytest.raises(ProtocolError) as caught:
            await in_thread(lambda: OneShot(SocketTarget(path)).call("ping", {}))
    assert caught.value.type == "protocol_unsupported"
    assert side in caught.value.message


@pytest.mark.parametrize(
    ("build", "is_local", "expected"),
    [
        ("0.0.1+1", True, [{"if_idle": True}]),
        ("0.0.1+1", False, []),
        ("999.0+1", True, []),
        (build_id(), True, []),
    ],
)
async def test_older_idle_local_server_is_asked_to_leave_once(
    short_dir: str, build: str, is_local: bool, expected: list[dict[str, Any]]
) -> None:
    path = os.path.join(short_dir, "s")
    server = FakeServer(build=build, is_local=is_local)
    async with server.listening(path):
        await in_thread(lambda: OneShot(SocketTarget(path)).call("ping", {}))
    assert server.stop_requests == expected


async def test_keys_of_the_callers_environment_travel_in_initialize(short_dir: str) -> None:
    path = os.path.join(short_dir, "s")
    environ = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://u", "https_proxy": "p", "GROQ_API_KEY": ""}
    server = FakeServer()
    async with server.listening(path):
        await in_thread(lambda: OneShot(SocketTarget(path), environ=environ).call("ping", {}))
    method, params = server.heard[0]
    assert method == "initialize"
    assert params["provider_credentials"] == {
        "providers": {"openai": {"api_key": "k", "base_url": "http://u"}},
        "network": {"https_proxy": "p"},
    }


async def test_socket_of_another_user_gets_nothing(short_dir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = os.path.join(short_dir, "s")
    server = FakeServer()
    async with server.listening(path):
        uid = os.geteuid()
        monkeypatch.setattr("os.geteuid", lambda: uid + 1)
        with pytest.raises(ProtocolError) as caught:
            await in_thread(lambda: OneShot(SocketTarget(path)).call("ping", {}))
    assert caught.value.type == "connection/peer"
    assert server.heard == []


async def test_text_that_is_not_unicode_is_refused_before_sending(short_dir: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        OneShot(SocketTarget(os.path.join(short_dir, "s"))).call("ping", {"text": "\udcff"})
    assert caught.value.type == "invalid_params/encoding"


def test_protocol_range_is_the_protocols() -> None:
    assert (
        PROTOCOL_VERSIONS[0],
        PROTOCOL_VERSIONS[-1],
    ) == (chatty.client.skew.PROTOCOL_MIN, chatty.client.skew.PROTOCOL_MAX)


def test_a_warm_command_imports_little() -> None:
    """What a one-shot command pays for; a new name here is a new cost of every command."""
    program = (
        "import sys; before = set(sys.modules)\n"
        "import chatty.client.oneshot, chatty.client.target, chatty.client.local, chatty.client.locations\n"
        "print(' '.join(sorted(set(sys.modules) - before)))"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = found.stdout.split()
    assert {name for name in loaded if name.startswith("chatty")} == {
        "chatty",
        "chatty.client",
        *(
            f"chatty.client.{name}"
            for name in (
                "credentials",
                "deadline",
                "errors",
                "http_lines",
                "local",
                "locations",
                "oneshot",
                "peer",
                "private",
                "skew",
                "target",
            )
        ),
        "chatty.protocol",
        "chatty.protocol.build",
    }
    dear = {"asyncio", "dataclasses", "http", "inspect", "logging", "pydantic", "ssl", "subprocess", "typing"}
    assert dear.isdisjoint(loaded)
