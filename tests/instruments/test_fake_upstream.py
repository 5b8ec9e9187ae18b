import asyncio
import json
import sys
from typing import Any

import pytest

from tests.instruments.fake_upstream import WRONG_KEY, FakeUpstream
from tests.instruments.upstream_faults import FAULTS, fault_for
from tests.instruments.upstream_scripts import (
    Send,
    counted_text,
    error_script,
    markdown_tokens,
    reply_script,
    script_for,
)


async def _post(url: str, body: dict[str, Any], key: str = "k") -> tuple[int, str]:
    host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    content = json.dumps(body).encode()
    headers = f"Authorization: Bearer {key}\r\nContent-Length: {len(content)}\r\n"
    writer.write(f"POST /v1/chat/completions HTTP/1.1\r\n{headers}\r\n".encode() + content)
    status = int((await reader.readline()).split()[1])
    answer = await reader.readuntil(b"0\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return status, answer.decode()


def _contents(answer: str) -> str:
    events = [
        json.loads(line[6:])
        for line in answer.split("\r\n")
        for line in line.split("\n")
        if line[:7] == "data: {"
    ]
    return "".join(choice["delta"].get("content") or "" for event in events for choice in event["choices"])


async def test_the_models_name_chooses_the_reply() -> None:
    async with FakeUpstream() as upstream:
        status, answer = await _post(upstream.url, {"model": "tok7-delay0"})
    assert (status, _contents(answer)) == (200, counted_text(7))
    assert answer.count("[DONE]") == 1


async def test_paced_and_instant_replies_say_the_same() -> None:
    async with FakeUpstream() as upstream:
        answers = [await _post(upstream.url, {"model": model}) for model in ("tok5-delay1", "tok5-delay0")]
    assert [_contents(answer) for _, answer in answers] == [counted_text(5)] * 2


async def test_echo_says_the_last_message_again() -> None:
    async with FakeUpstream() as upstream:
        messages = [{"role": "user", "content": "first"}, {"role": "user", "content": "ünïcode and more"}]
        _, answer = await _post(upstream.url, {"model": "echo", "messages": messages})
    assert _contents(answer) == "ünïcode and more"


async def test_a_fault_ends_after_its_number_of_times() -> None:
    async with FakeUpstream() as upstream:
        statuses = [(await _post(upstream.url, {"model": "fault-500x2"}))[0] for _ in range(3)]
    assert statuses == [500, 500, 200]


async def test_scripts_are_played_in_order_and_the_last_repeats() -> None:
    async with FakeUpstream(error_script(503, "busy"), reply_script("m", ["a"])) as upstream:
        statuses = [(await _post(upstream.url, {"model": "any"}))[0] for _ in range(3)]
        assert [request.model for request in upstream.requests] == ["any"] * 3
    assert statuses == [503, 200, 200]
    assert upstream.connections == 3


@pytest.mark.parametrize(
    ("key", "sent", "status"), [(None, WRONG_KEY, 401), ("right", "left", 401), ("right", "right", 200)]
)
async def test_the_key_is_checked(key: str | None, sent: str, status: int) -> None:
    async with FakeUpstream(key=key) as upstream:
        assert (await _post(upstream.url, {"model": "tok1"}, sent))[0] == status


async def test_unknown_models_are_not_found() -> None:
    async with FakeUpstream() as upstream:
        assert (await _post(upstream.url, {"model": "nope"}))[0] == 404


def test_markdown_has_the_length_asked_for_and_is_the_same_each_time() -> None:
    tokens = list(markdown_tokens(5000))
    assert len(tokens) == 5000
    assert tokens == list(markdown_tokens(5000))
    assert "".join(tokens).count("```") % 2 == 0
    assert tokens[-1].endswith("END.")


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_had_by_name(name: str) -> None:
    assert fault_for(name, 0) is not None


def test_names_that_mean_nothing_have_no_script() -> None:
    assert script_for("tok", "") is None
    assert fault_for("nope", 0) is None


def test_usage_is_left_out_unless_asked_for() -> None:
    script = script_for("tok3-delay1", "", include_usage=False)
    assert script is not None
    assert not any(b'"prompt_tokens"' in step.data for step in script.steps if isinstance(step, Send))


async def test_it_runs_as_a_program() -> None:
    arguments = ["-m", "tests.instruments.fake_upstream", "--tokens", "3"]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            url = json.loads(await process.stdout.readline())["url"]
            _, answer = await _post(url, {"model": "whatever"})
    finally:
        process.terminate()
        await process.wait()
    assert _contents(answer) == counted_text(3)
