"""The main scenarios of the protocol, as a client author would try them. Recorded by `transcripts.py`.

Every scenario with a conversation ends with a fresh connection `z` that takes a snapshot of it.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.server.joined import INITIALIZE
from tests.server.transcripts import Recorder


def an_id(number: int) -> str:
    """Return a fixed id of the right shape."""
    return f"01890000-0000-7000-8000-{number:012d}"


CONVERSATION = an_id(1)


def saying(text: str, number: int, *, run: bool = True, **more: Any) -> dict[str, Any]:
    """Return parameters of `message.send` whose ids follow from a number."""
    params: dict[str, Any] = {
        "conversation": {"id": CONVERSATION, "create": {"origin": "api"}},
        "id": an_id(number),
        "parts": [{"type": "text", "text": text}],
    }
    return params | ({"run": a_run(number)} if run else {}) | more


def a_run(number: int, **more: Any) -> dict[str, Any]:
    """Return a run draft whose ids follow from a number."""
    return {"id": an_id(number + 2), "reply_id": an_id(number + 1), "model": "guide"} | more


async def hello(record: Recorder, *connections: str) -> None:
    """Initialize connections."""
    for connection in connections:
        await record.ask(connection, "initialize", **INITIALIZE)


async def look(record: Recorder) -> None:
    """Take a snapshot on a fresh connection."""
    await hello(record, "z")
    await record.ask("z", "conversation.subscribe", conversation_id=CONVERSATION)


async def first_ask(record: Recorder) -> None:
    """A message, its reply with reasoning and text, and the end."""
    await hello(record, "a")
    await record.ask("a", "message.send", **saying("What is chatty?", 10, subscribe=True))
    await record.until_event("a", "run.started")
    await record.write("a", "They ask about chatty.", as_reasoning=True)
    await record.write("a", "AI chat ")
    await record.write("a", "in the terminal \U0001f469‍\U0001f4bb.")
    await record.finish("a", output_tokens=9)
    await look(record)


async def resume_with_a_tail(record: Recorder) -> None:
    """A client comes back and gets what it missed, and the text in flight."""
    await hello(record, "a")
    await record.ask("a", "message.send", **saying("Count.", 10, subscribe=True))
    started = await record.until_event("a", "run.started")
    await record.write("a", "one ")
    await hello(record, "b")
    await record.ask("b", "conversation.subscribe", conversation_id=CONVERSATION)
    await record.leave("a")
    await record.write("b", "two ")
    await record.ask("b", "conversation.update", conversation_id=CONVERSATION, title="Counting")
    await hello(record, "a")
    since = {"history_id": "<history>", "seq": started["params"]["seq"]}
    await record.ask("a", "conversation.subscribe", conversation_id=CONVERSATION, since=since)
    await record.write("a", "three")
    await record.finish("a")
    await record.until_event("b", "run.finished")
    await look(record)


async def snapshot_after_a_gap(record: Recorder) -> None:
    """A client whose place is of another history gets the state instead."""
    await hello(record, "a")
    await record.ask("a", "message.send", **saying("Hello.", 10, subscribe=True))
    await record.until_event("a", "run.started")
    await record.write("a", "Hello to you.")
    await record.finish("a")
    await hello(record, "b")
    since = {"history_id": an_id(999), "seq": 3}
    await record.ask("b", "conversation.subscribe", conversation_id=CONVERSATION, since=since)
    await look(record)


async def cancel_from_another_client(record: Recorder) -> None:
    """Somebody else stops the reply; its text is kept."""
    await hello(record, "a", "b")
    await record.ask("a", "message.send", **saying("Tell me everything.", 10, subscribe=True))
    await record.until_event("a", "run.started")
    await record.write("a", "In the beginning ")
    await record.ask("b", "run.cancel", run_id=an_id(12))
    await record.until_event("a", "run.finished")
    await look(record)


async def queue_behind_a_reply(record: Recorder) -> None:
    """A message sent while a reply is written: refused when appended, accepted when queued."""
    await hello(record, "a", "b")
    await record.ask("a", "message.send", **saying("First.", 10, subscribe=True))
    await record.until_event("a", "run.started")
    await record.write("a", "One.")
    await record.ask("b", "message.send", **saying("Second.", 20))
    await record.ask("b", "message.send", **saying("Second.", 20, mode="queue"))
    await record.until_event("a", "run.queued")
    await record.finish("a")
    await record.until_event("a", "run.started")
    await record.write("a", "Two.")
    await record.finish("a")
    await look(record)


async def siblings(record: Recorder) -> None:
    """Another reply beside the first, then another version of the question."""
    await hello(record, "a")
    await record.ask("a", "message.send", **saying("A name for a cat?", 10, subscribe=True))
    await record.until_event("a", "run.started")
    await record.write("a", "Tom.")
    await record.finish("a")
    named = {"conversation_id": CONVERSATION, "message_id": an_id(11)}
    await record.ask("a", "message.regenerate", **named, run=a_run(20))
    await record.until_event("a", "run.started")
    await record.write("a", "Felix.")
    await record.finish("a")
    edited = {"conversation_id": CONVERSATION, "message_id": an_id(10), "id": an_id(30)}
    parts = [{"type": "text", "text": "A name for a dog?"}]
    await record.ask("a", "message.edit", **edited, parts=parts, run=a_run(30))
    await record.until_event("a", "run.started")
    await record.write("a", "Rex.")
    await record.finish("a")
    page = await record.ask("a", "message.tree", conversation_id=CONVERSATION, limit=3)
    cursor = page["result"]["next"]
    await record.ask("a", "message.tree", conversation_id=CONVERSATION, limit=3, cursor=cursor)
    await look(record)


async def continue_after_a_crash(record: Recorder) -> None:
    """The server dies while it writes; the text so far is there, and the reply goes on."""
    await hello(record, "a")
    await record.ask("a", "message.send", **saying("A long story.", 10, subscribe=True))
    await record.until_event("a", "run.started")
    await record.write("a", "Once upon ")
    await record.until_event("a", "part.started")
    await record.crash()
    await hello(record, "b")
    await record.ask("b", "conversation.subscribe", conversation_id=CONVERSATION)
    named = {"conversation_id": CONVERSATION, "message_id": an_id(11)}
    await record.ask("b", "message.continue", **named, run=a_run(20, reply_id=an_id(11)))
    await record.until_event("b", "run.started")
    await record.write("b", "a time.")
    await record.until_event("b", "part.started")
    await record.finish("b")
    await look(record)


async def errors(record: Recorder) -> None:
    """What is refused, and how."""
    await record.ask("a", "conversation.list")
    await hello(record, "a")
    await record.send("a", {"id": "x"})
    await record.until("a", lambda frame: True)
    await record.ask("a", "conversation.fly")
    await record.ask("a", "conversation.get", conversation_id="not-an-id")
    await record.ask("a", "conversation.get", conversation_id=CONVERSATION, colour="red")
    await record.ask("a", "conversation.get", conversation_id=CONVERSATION)
    await record.ask("a", "conversation.create", id=CONVERSATION, title="One")
    await record.ask("a", "conversation.create", id=CONVERSATION, title="Two")
    await record.ask("a", "conversation.subscribe", conversation_id=CONVERSATION)
    await record.ask("a", "conversation.update", conversation_id=CONVERSATION, title="Two", if_version=7)
    await record.ask("a", "message.send", **saying("Hello?", 10, subscribe=True))
    await record.until_event("a", "run.started")
    await record.write("a", "Hel")
    await record.fail("a", "provider/stream_broken", "The connection to the provider broke.")
    await record.ask("a", "message.send", **saying("Hello?", 10, subscribe=True))
    await record.ask("a", "message.send", **saying("Other text", 10))
    await look(record)


async def ephemeral(record: Recorder) -> None:
    """A conversation that is kept nowhere."""
    await hello(record, "a")
    params = saying("Psst.", 10, subscribe=True)
    params["conversation"]["create"]["ephemeral"] = True
    await record.ask("a", "message.send", **params)
    await record.until_event("a", "run.started")
    await record.write("a", "Yes?")
    await record.finish("a")
    await record.ask("a", "conversation.list")
    await look(record)


ALL: dict[str, Callable[[Recorder], Awaitable[None]]] = {
    scenario.__name__: scenario
    for scenario in (
        first_ask,
        resume_with_a_tail,
        snapshot_after_a_gap,
        cancel_from_another_client,
        queue_behind_a_reply,
        siblings,
        continue_after_a_crash,
        errors,
        ephemeral,
    )
}
CRASHING = frozenset({"continue_after_a_crash"})
"""Where text in flight must be on the disk at once."""
