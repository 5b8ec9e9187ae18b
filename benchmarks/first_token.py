"""What client and server add to the time to the first token, against the raw stream in the same run.

The raw call is a bare asyncio connection to the upstream that is open before it is asked, as the server's own
is: what is left is chatty's own way from `send` to the first text in the caller's hands. The client sends as
the full-screen client does, through its outbox: a file that is flushed, and the server's commit, included.

    python -m benchmarks.first_token [--rounds 400]
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time

from benchmarks.load_watch import start_server
from benchmarks.report import Goal, conclude, percentile
from chatty.client.connection import Client
from chatty.client.outbox import Outbox
from chatty.client.subscription import Subscription
from chatty.client.target import SocketTarget
from chatty.client.updates import Delta
from chatty.client.websocket import STANDARD_HEARTBEAT, WebSocketDial
from chatty.protocol.ids import new_id

MODEL = "tok5-delay0"


class RawCall:
    """One kept connection to the upstream."""

    def __init__(self, port: int) -> None:
        body = json.dumps(
            {"model": MODEL, "messages": [{"role": "user", "content": "go"}], "stream": True}
        ).encode()
        self._port = port
        self._request = (
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk-test\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        ) + body

    async def first_token_ms(self) -> float:
        """Ask, and return when the first token was there."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        began = time.perf_counter()
        writer.write(self._request)
        await reader.readuntil(b'"content":"t')
        elapsed = (time.perf_counter() - began) * 1000
        writer.close()
        await writer.wait_closed()
        return elapsed


class ChattyCall:
    """A conversation followed by a client that stays."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def first_token_ms(self) -> float:
        """Say something in a conversation of its own, and return when the first text was there."""
        conversation_id = new_id()
        await self._client.call(
            "conversation.create", {"id": conversation_id, "model": f"openai/{MODEL}", "origin": "api"}
        )
        subscription = self._client.subscribe(conversation_id)
        await anext(subscription)  # the snapshot
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        following = asyncio.create_task(_follow(subscription, first))
        began = time.perf_counter()
        sending = asyncio.create_task(
            self._client.send(
                "message.send",
                {
                    "conversation": {"id": conversation_id},
                    "id": new_id(),
                    "parts": [{"type": "text", "text": "go"}],
                    "run": {"id": new_id(), "reply_id": new_id()},
                },
            )
        )
        await first
        elapsed = (time.perf_counter() - began) * 1000
        await sending
        following.cancel()
        await subscription.close()
        return elapsed


async def _follow(subscription: Subscription, first: "asyncio.Future[None]") -> None:
    async for update in subscription:
        if isinstance(update, Delta) and not first.done():
            first.set_result(None)


async def measure(socket_path: str, url: str, rounds: int) -> tuple[list[float], list[float]]:
    """Take both in turn."""
    port = int(url.rsplit(":", 1)[1].split("/")[0])
    credentials = {"providers": {"openai": {"api_key": "sk-test", "base_url": url}}, "network": {}}
    raw_ms, chatty_ms = [], []
    async with Client(
        WebSocketDial(SocketTarget(socket_path), STANDARD_HEARTBEAT),
        outbox=Outbox(f"{os.path.dirname(socket_path)}/outbox"),
        provider_credentials=credentials,
    ) as client:
        await client.wait_online()
        raw, ours = RawCall(port), ChattyCall(client)
        for _ in range(20):
            await raw.first_token_ms()
            await ours.first_token_ms()
        for _ in range(rounds):
            raw_ms.append(await raw.first_token_ms())
            chatty_ms.append(await ours.first_token_ms())
    return raw_ms, chatty_ms


def start_upstream() -> tuple["subprocess.Popen[str]", str]:
    """Start the scripted upstream in a process of its own; return it and its base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.instruments.fake_upstream", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    return process, str(told["url"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400)
    options = parser.parse_args()
    upstream, url = start_upstream()
    with tempfile.TemporaryDirectory(prefix="chatty-ttft-") as directory:
        server, socket_path = start_server(directory)
        try:
            raw, ours = asyncio.run(measure(socket_path, url, options.rounds))
        finally:
            server.terminate()
            upstream.terminate()
            server.wait(60)
            upstream.wait(10)
    added = {share: percentile(ours, share) - percentile(raw, share) for share in (0.5, 0.99)}
    figures = {
        "rounds": options.rounds,
        "raw_p50_ms": round(percentile(raw, 0.5), 3),
        "raw_p99_ms": round(percentile(raw, 0.99), 3),
        "chatty_p50_ms": round(percentile(ours, 0.5), 3),
        "chatty_p99_ms": round(percentile(ours, 0.99), 3),
        "added_p50_ms": round(added[0.5], 3),
        "added_p99_ms": round(added[0.99], 3),
        "added_p50_ratio": round(percentile(ours, 0.5) / percentile(raw, 0.5), 1),
    }
    print(json.dumps(figures, indent=2))
    goals = [
        Goal("added to the time to the first token, p50, ms", round(added[0.5], 3), at_most=3),
        Goal("added to the time to the first token, p99, ms", round(added[0.99], 3), at_most=20),
    ]
    return conclude("first_token", figures, goals)


if __name__ == "__main__":
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        print("PYTHONDONTWRITEBYTECODE is set: unset it before measuring", file=sys.stderr)
    sys.exit(main())
