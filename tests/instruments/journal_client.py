"""A client in a process of its own that writes down what it was told, so that nobody can deny it later.

Each line of the journal is one JSON object with the moment it was written (``at``, the system's
monotonic clock) and one of: ``sent``, ``accepted`` (on disk before anything else happens), ``delta``,
``finished``. The checker compares the journal with the database and with what a fresh client sees.

    python -m tests.instruments.journal_client --home DIR --journal FILE --conversations 10 --model M
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Mapping
from typing import Any

from chatty.client import Client, connect
from chatty.client.locations import Locations
from chatty.client.target import LocalTarget, SocketTarget
from chatty.client.updates import Delta, Event, Snapshot, Update
from chatty.protocol.ids import new_id


class Journal:
    """A file of JSON lines; what is written with ``durably`` survives a power cut."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, kind: str, *, durably: bool = False, **facts: Any) -> None:
        line = json.dumps({"at": time.monotonic(), "kind": kind, **facts}) + "\n"
        os.write(self._descriptor, line.encode())
        if durably:
            os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class Witness:
    """Holds conversations with a server and writes down what it hears."""

    def __init__(self, client: Client, journal: Journal, model: str) -> None:
        self._client = client
        self._journal = journal
        self._model = model

    async def converse(self, messages: int) -> None:
        """Send messages one after the other, each once the reply to the last has ended."""
        conversation_id = new_id()
        subscription = self._client.subscribe(conversation_id)
        for number in range(messages):
            params = self._message(conversation_id, f"message {number} of {conversation_id}")
            self._journal.write("sent", durably=True, params=params)
            sending = asyncio.create_task(self._send(params))
            async for update in subscription:
                if self._note(update, params["run"]["reply_id"]):
                    break
            await sending
        await subscription.close()

    async def _send(self, params: dict[str, Any]) -> None:
        result = await self._client.send("message.send", params)
        self._journal.write(
            "accepted", durably=True, id=params["id"], duplicate=result.get("duplicate", False)
        )

    def _message(self, conversation_id: str, text: str) -> dict[str, Any]:
        return {
            "conversation": {"id": conversation_id, "create": {"title": "witnessed"}},
            "id": new_id(),
            "parts": [{"type": "text", "text": text}],
            "run": {"id": new_id(), "reply_id": new_id(), "model": self._model},
        }

    def _note(self, update: Update, reply_id: str) -> bool:
        """Write an update down; tell whether it ends the reply."""
        match update:
            case Delta(message_id, part, offset, text, generation):
                self._journal.write(
                    "delta", message_id=message_id, part=part, offset=offset, text=text, g=generation
                )
            case Event(type="part.completed"):
                self._journal.write("completed", **update.data)
            case Event(type="run.finished"):
                self._journal.write("finished", **update.data)
                return bool(update.data["message_id"] == reply_id)
            case Snapshot(result):
                self._journal.write("snapshot", head=result["head"])
                return any(
                    message["id"] == reply_id and message["status"] not in ("pending", "streaming")
                    for message in result["messages"]
                )
        return False


async def witness(
    client: Client, journal_path: str, *, conversations: int, messages: int, model: str
) -> None:
    """Hold conversations side by side until every reply has ended."""
    journal = Journal(journal_path)
    try:
        async with client:
            witnesses = [Witness(client, journal, model).converse(messages) for _ in range(conversations)]
            await asyncio.gather(*witnesses)
    finally:
        journal.close()


def client_of(environ: Mapping[str, str], socket_path: str | None = None) -> Client:
    """Return a client of the local server of these locations, or of a given socket."""
    target = (
        SocketTarget(socket_path)
        if socket_path
        else LocalTarget(Locations.from_environment(environ), environ)
    )
    return connect(target, environ=environ, client_name="journal")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", required=True, help="becomes CHATTY_HOME")
    parser.add_argument("--socket", help="connect there and start nothing")
    parser.add_argument("--journal", required=True)
    parser.add_argument("--conversations", type=int, default=1)
    parser.add_argument("--messages", type=int, default=1)
    parser.add_argument("--model", default="guide")
    options = parser.parse_args()
    client = client_of({**os.environ, "CHATTY_HOME": options.home}, options.socket)
    asyncio.run(
        witness(
            client,
            options.journal,
            conversations=options.conversations,
            messages=options.messages,
            model=options.model,
        )
    )


if __name__ == "__main__":
    main()
