"""Clients that are killed while an answer streams, and others that take their place."""

import asyncio
import os
import random
import signal
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from chatty.protocol.ids import new_id
from tests.client.follower import WRONG
from tests.client.homes import Home
from tests.instruments.upstream_scripts import counted_tokens

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Outcome:
    """What the clients saw, and what is stored."""

    answers: int = 0
    kills: int = 0
    problems: list[str] = field(default_factory=list)


async def reattach(
    home: Home, *, answers: int, kills: int, tokens: int, delay_ms: int, chance: random.Random
) -> Outcome:
    """Let so many answers stream side by side, and kill so many of those who follow each.

    Args:
        home: whose keys and addresses lead to a scripted vendor; its server runs.
    """
    outcome = Outcome(answers=answers)
    wanted = "".join(counted_tokens(tokens))

    async def one() -> None:
        names = [new_id() for _ in range(4)]
        for left in range(kills, -1, -1):
            code, said = await _follow(home, names, tokens, delay_ms, chance if left else None)
            if code == WRONG:
                outcome.problems.append(f"a wrong text was shown: {said}")
            outcome.kills += code == -signal.SIGKILL
            if code == 0:
                break
        else:
            outcome.problems.append(f"the last one ended with {code}: {said}")
        if (found := _stored(home, names[0])) != {("user", "count"): 1, ("assistant", wanted): 1}:
            outcome.problems.append(f"stored are {[(role, len(text)) for role, text in found]}")

    await asyncio.gather(*(one() for _ in range(answers)))
    return outcome


async def _follow(
    home: Home, names: list[str], tokens: int, delay_ms: int, chance: random.Random | None
) -> tuple[int, str]:
    """Run a follower to its end, or to the one it is given; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.client.follower", *names, str(tokens), str(delay_ms)),
        env={**home.environ, "PYTHONPATH": str(ROOT)},
        stderr=asyncio.subprocess.PIPE,
    )
    if chance is not None:
        try:
            # From before it is connected to well into the text.
            await asyncio.wait_for(process.wait(), chance.uniform(0.2, 1.6))
        except TimeoutError:
            process.send_signal(signal.SIGKILL)
    _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode(errors="replace")[-500:]


def _stored(home: Home, conversation_id: str) -> dict[tuple[str, str], int]:
    """The texts of a conversation's messages and how often each is there."""
    statement = (
        "SELECT role, text, COUNT(*) FROM messages JOIN message_parts ON message_id = id"
        " WHERE conversation_id = ? GROUP BY role, text"
    )
    place = f"file:{os.fspath(home.locations.database_path)}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as database:
        rows = database.execute(statement, (conversation_id,)).fetchall()
    return {(role, text): count for role, text, count in rows}
