"""A program that follows one answer from wherever it is to its end, and says when it sees a wrong text.

    python -m tests.client.follower CONVERSATION MESSAGE RUN REPLY TOKENS DELAY_MS

It sends the question first, under the ids it is given: whoever comes later sends the same once more, which
makes nothing new. Ends with 0 when it has seen the whole answer, with 3 when any text it was shown is no
beginning of that. Its server is the local one of ``CHATTY_HOME``.
"""

import asyncio
import sys

from chatty.client import connect
from chatty.client.view import ConversationView
from tests.instruments.upstream_scripts import counted_tokens

WRONG = 3


async def follow(conversation_id: str, ids: dict[str, str], tokens: int, delay_ms: int) -> int:
    """Ask and follow; return the exit code."""
    wanted, view = "".join(counted_tokens(tokens)), ConversationView()
    params = {
        "conversation": {"id": conversation_id, "create": {"title": "followed"}},
        "id": ids["message"],
        "parts": [{"type": "text", "text": "count"}],
        "run": {
            "id": ids["run"],
            "reply_id": ids["reply"],
            "model": f"openai/tok{tokens}-delay{delay_ms}",
        },
    }
    async with connect() as client:
        sending = asyncio.create_task(client.send("message.send", params))
        async for update in client.subscribe(conversation_id):
            view.apply(update)
            reply = view.messages.get(ids["reply"])
            if reply is None:
                continue
            if not wanted.startswith(reply.text):
                print(f"shown {reply.text[-60:]!r} after {len(reply.text)} characters", file=sys.stderr)
                return WRONG
            if reply.status == "completed":
                await sending
                return 0 if reply.text == wanted else WRONG
    raise AssertionError("a subscription ends only with its client")


if __name__ == "__main__":
    conversation, message, run, reply = sys.argv[1:5]
    named = {"message": message, "run": run, "reply": reply}
    sys.exit(asyncio.run(follow(conversation, named, int(sys.argv[5]), int(sys.argv[6]))))
