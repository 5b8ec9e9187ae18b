"""A key goes in and comes out nowhere but in the request to its provider."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.server_process import asking, server_process
from tests.server.processes import ask, hello, opened

CANARY = "sk-canary-0123456789abcdef"


async def test_key_is_in_no_log_no_byte_on_disk_no_frame_and_no_argument(tmp_path: Path) -> None:
    heard: list[str] = []
    async with FakeUpstream() as upstream:
        with server_process(tmp_path, environ={"CHATTY_LOG": "debug"}) as process:
            async with opened(process) as link:
                own = {
                    "providers": {
                        "openai": {"api_key": CANARY, "base_url": upstream.url},
                        "groq": {"api_key": CANARY, "base_url": "http://127.0.0.1:1/refused"},
                    }
                }
                heard.append(json.dumps(await hello(link, provider_credentials=own)))
                for model in ("openai/tok20-delay0", "openai/fault-401", "openai/fault-500", "groq/any"):
                    params = asking("hello", model=model, timeout_seconds=20)
                    await ask(link, "message.send", {**params, "subscribe": True})
                    while "run.finished" not in (frame := str(await link.recv())):
                        heard.append(frame)
                    heard.append(frame)
                for method, named in (
                    ("provider.list", {}),
                    ("provider.test", {"name": "openai"}),
                    ("provider.test", {"name": "groq"}),
                    ("model.list", {"all": True}),
                    ("server.status", {}),
                ):
                    heard.append(json.dumps(await ask(link, method, named)))
                await link.send(
                    '{"jsonrpc":"2.0","id":9,"method":"initialize","params":{"x":"' + CANARY + '"}}'
                )
                heard.append(str(await link.recv()))
                for name in ("cmdline", "environ"):
                    heard.append(Path(f"/proc/{process.process.pid}/{name}").read_text())
            await asyncio.to_thread(process.stop)
        assert any(CANARY in str(request.headers) for request in upstream.requests)
    assert not [piece for piece in heard if CANARY in piece]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert process.log_file in files
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_server_leaves_no_core_file_whatever_its_shell_allows(tmp_path: Path) -> None:
    with server_process(tmp_path) as process:
        limits = Path(f"/proc/{process.process.pid}/limits").read_text().splitlines()
        (cores,) = (line.split() for line in limits if line.startswith("Max core file size"))
        assert cores[4:6] == ["0", "0"]
        process.stop()


async def test_kept_key_is_in_the_labelled_file_only(tmp_path: Path) -> None:
    with server_process(tmp_path, environ={"CHATTY_LOG": "debug"}) as process:
        answer = process.call("provider.add", name="openai", api_key=CANARY, keep_in="file")
        assert answer["result"]["provider"]["key_source"] == "file"
        assert CANARY not in json.dumps(process.call("provider.list"))
        process.stop()
    holding = [
        path for path in tmp_path.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()
    ]
    assert holding == [process.data_dir / "provider-keys.json"]
    assert holding[0].stat().st_mode & 0o077 == 0
