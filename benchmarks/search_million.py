"""Search over a million messages of about 80 words, newest first: what each kind of query costs.

    python -m benchmarks.search_million --database /tmp/million.db

Builds the database first when the file is not there, through the store's own functions. Every query goes
the whole way: parsed, through the event loop to a reader thread, rows with titles and snippets back. Beside
it the same expression is given to a bare sqlite3 connection that fetches the same number of row ids only.
Each kind is measured in several rounds, and the round that other programs disturbed least is reported.
"""

import argparse
import asyncio
import itertools
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import percentile, save
from chatty.protocol.ids import new_id
from chatty.store import bootstrap, conversations, messages, projects, search
from chatty.store.database import SYSTEM, Scope, Work
from chatty.store.rows import NewConversation, NewMessage, NewPart, NewProject
from chatty.store.search_statements import ScopeFilter, fts_expression, scope_tokens
from chatty.store.sqlite import SqliteDatabase, open_database

VOCABULARY = 40_000
WORDS = 80
PER_CONVERSATION = 100
OPEN_CONVERSATIONS = 20
SMALL_PROJECT_CONVERSATIONS = 10
START_MS = 1_600_000_000_000
STEP_MS = 90_000
PER_UNIT = 200
LIMIT = 20
QUERIES = 200
ROUNDS = 5


def make_vocabulary() -> list[str]:
    """Return words of two to four syllables, the most frequent first; many begin alike, as words do."""
    chance = random.Random(1)
    syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(chance.choices(syllables, k=chance.choice((1, 2, 2, 3, 3, 4))))] = None
    return list(words)


def texts(vocabulary: Sequence[str], chance: random.Random) -> Iterator[str]:
    """Yield texts of 60 to 100 words, Zipf-distributed."""
    weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(vocabulary))))
    while True:
        words = chance.choices(vocabulary, cum_weights=weights, k=WORDS * 500)
        begin = 0
        while begin < len(words):
            length = chance.randint(60, 100)
            yield " ".join(words[begin : begin + length])
            begin += length


async def build(path: Path, count: int) -> None:
    """Fill a new database, message by message in the order of time."""
    chance = random.Random(2)
    stream = texts(make_vocabulary(), chance)
    database = await open_database(path)
    workspace, user = await database.write(SYSTEM, bootstrap.ensure_local_owner, START_MS)
    scope = Scope(workspace.id, user.id)
    large = (await database.write(scope, projects.insert, NewProject(new_id(), "large"), START_MS)).row.id
    small = (await database.write(scope, projects.insert, NewProject(new_id(), "small"), START_MS)).row.id
    total = count // PER_CONVERSATION
    small_ones = {
        index * total // SMALL_PROJECT_CONVERSATIONS for index in range(SMALL_PROJECT_CONVERSATIONS)
    }
    open_ones: list[tuple[str, int]] = []
    made = 0
    batch: list[tuple[NewMessage, str, int]] = []
    new_ones: list[tuple[NewConversation, int]] = []
    began = time.perf_counter()
    for index in range(count):
        at = START_MS + index * STEP_MS
        if len(open_ones) < OPEN_CONVERSATIONS and made < total:
            project = small if made in small_ones else (large if made % 2 else None)
            conversation = NewConversation(new_id(), project, title=f"Conversation {made}")
            new_ones.append((conversation, at))
            open_ones.append((conversation.id, PER_CONVERSATION))
            made += 1
        place = chance.randrange(len(open_ones))
        conversation_id, left = open_ones[place]
        role = "user" if left % 2 == 0 else "assistant"
        message = NewMessage(new_id(), conversation_id, "user" if role == "user" else "assistant")
        batch.append((message, next(stream), at))
        if left == 1:
            open_ones.pop(place)
        else:
            open_ones[place] = conversation_id, left - 1
        if len(batch) == PER_UNIT:
            await database.write(scope, insert_batch, new_ones, batch)
            batch, new_ones = [], []
        if index % 50_000 == 49_999:
            print(f"{index + 1:>9} messages, {time.perf_counter() - began:6.0f} s", flush=True)
    await database.write(scope, insert_batch, new_ones, batch)
    await database.close()


def insert_batch(
    scope: Scope,
    new_ones: Sequence[tuple[NewConversation, int]],
    batch: Sequence[tuple[NewMessage, str, int]],
) -> Work[None]:
    for conversation, at in new_ones:
        yield from conversations.insert(scope, conversation, None, at)
    for message, text, at in batch:
        yield from messages.insert(scope, message, [NewPart(text=text)], None, at)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of query: how its texts are made and what narrows them."""

    name: str
    make: Callable[[random.Random, Sequence[str]], str]
    filters: search.Filters | None = None


def kinds(small_project: str, vocabulary: Sequence[str], count: int) -> list[Kind]:
    middle = START_MS + count * STEP_MS // 2
    early = START_MS + count * STEP_MS // 50

    def common(chance: random.Random, words: Sequence[str]) -> str:
        return chance.choice(words[:50])

    def rare(chance: random.Random, words: Sequence[str]) -> str:
        return chance.choice(words[-5_000:])

    def middling(chance: random.Random, words: Sequence[str]) -> str:
        return chance.choice(words[500:3_000])

    def phrase(chance: random.Random, words: Sequence[str]) -> str:
        return f'"{common(chance, words)} {common(chance, words)}"'

    def prefix(chance: random.Random, words: Sequence[str]) -> str:
        return chance.choice([word for word in words[:2_000] if len(word) >= 3])[:3] + "*"

    def long_prefix(chance: random.Random, words: Sequence[str]) -> str:
        return chance.choice([word for word in words[:2_000] if len(word) >= 5])[:5] + "*"

    in_small = search.Filters(project_id=small_project)
    return [
        Kind("rare word", rare),
        Kind("common word", common),
        Kind("two words", lambda chance, words: f"{common(chance, words)} {middling(chance, words)}"),
        Kind(
            "two middling words", lambda chance, words: f"{middling(chance, words)} {middling(chance, words)}"
        ),
        Kind("phrase", phrase),
        Kind("prefix of 3 letters", prefix),
        Kind("prefix of 5 letters", long_prefix),
        Kind("common word in a small project", common, in_small),
        Kind("middling word in a small project", middling, in_small),
        Kind("rare word in a small project", rare, in_small),
        Kind("common word before the middle", common, search.Filters(before=middle)),
        Kind("rare word before the middle", rare, search.Filters(before=middle)),
        Kind("common word before an early date", common, search.Filters(before=early)),
        Kind("middling word before an early date", middling, search.Filters(before=early)),
        Kind(
            "without a common word",
            lambda chance, words: f"{middling(chance, words)} -{common(chance, words)}",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of queries: wall time and processor time of each in ms, and the mean number of hits."""

    wall: list[float]
    processor: list[float]
    hits: float


async def measure(database: SqliteDatabase, scope: Scope, kind: Kind) -> Round:
    chance = random.Random(kind.name)
    vocabulary = make_vocabulary()
    wall, processor = [], []
    hits = 0
    for _ in range(QUERIES):
        text = kind.make(chance, vocabulary)
        began, began_processor = time.perf_counter(), time.process_time()
        found = await database.read(scope, search.query, search.parse(text), LIMIT, None, kind.filters)
        processor.append((time.process_time() - began_processor) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
        hits += len(found.items)
    return Round(wall, processor, hits / QUERIES)


def measure_bare(connection: sqlite3.Connection, kind: Kind) -> list[float]:
    """Return the times in ms of the same expressions on a bare connection, row ids only."""
    chance = random.Random(kind.name)
    vocabulary = make_vocabulary()
    filters = kind.filters or search.Filters()
    tokens = scope_tokens(ScopeFilter("", project_id=filters.project_id))
    high = filters.before * 32 if filters.before is not None else 2**62
    times = []
    for _ in range(QUERIES):
        expression = fts_expression(search.parse(kind.make(chance, vocabulary)), tokens)
        began = time.perf_counter()
        connection.execute(
            "SELECT rowid FROM message_fts WHERE message_fts MATCH ? AND rowid < ?"
            " ORDER BY rowid DESC LIMIT ?",
            (expression, high, LIMIT),
        ).fetchall()
        times.append((time.perf_counter() - began) * 1000)
    return times


def calmest(rounds: Sequence[list[float]]) -> list[float]:
    return min(rounds, key=lambda times: percentile(times, 0.95))


async def run(path: Path, count: int) -> None:
    if not path.exists():
        await build(path, count)
    database = await open_database(path)
    found = await database.write(SYSTEM, bootstrap.ensure_local_owner, START_MS)
    scope = Scope(found[0].id, found[1].id)
    small = await database.read(scope, projects.get_by_name, "small")
    bare = sqlite3.connect(path)
    rows = []
    print(f"{'':36} {'p50':>7} {'p95':>7} {'max':>7} {'cpu p95':>8} {'bare p95':>9} {'hits':>5}   (ms)")
    for kind in kinds(small.id, make_vocabulary(), count):
        bare_times = calmest([measure_bare(bare, kind) for _ in range(ROUNDS)])
        measured = [await measure(database, scope, kind) for _ in range(ROUNDS)]
        times = calmest([one.wall for one in measured])
        processor = calmest([one.processor for one in measured])
        row = {
            "query": kind.name,
            "p50_ms": round(percentile(times, 0.5), 3),
            "p95_ms": round(percentile(times, 0.95), 3),
            "max_ms": round(max(times), 3),
            "worst_round_p95_ms": round(max(percentile(one.wall, 0.95) for one in measured), 3),
            "processor_p50_ms": round(percentile(processor, 0.5), 3),
            "processor_p95_ms": round(percentile(processor, 0.95), 3),
            "bare_p50_ms": round(percentile(bare_times, 0.5), 3),
            "bare_p95_ms": round(percentile(bare_times, 0.95), 3),
            "hits": round(measured[0].hits, 1),
        }
        rows.append(row)
        print(
            f"{kind.name:36} {row['p50_ms']:7} {row['p95_ms']:7} {row['max_ms']:7}"
            f" {row['processor_p95_ms']:8} {row['bare_p95_ms']:9} {row['hits']:5}",
            flush=True,
        )
    bare.close()
    await database.close()
    saved = save("search_million", {"messages": count, "bytes": path.stat().st_size, "queries": rows})
    print(saved)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--messages", type=int, default=1_000_000)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.database, arguments.messages))


if __name__ == "__main__":
    main()
