from dataclasses import replace

from chatty.protocol.ids import new_id
from chatty.store import runs, usage
from chatty.store.database import Database, Scope
from chatty.store.rows import Conversation, NewUsageRecord, UsageSum
from tests.store.making import NOW, begin_reply, new_run, other_tenant, say

DAY = 86_400_000


def record(model: str = "m", cost: int | None = 5, **figures: int) -> NewUsageRecord:
    return NewUsageRecord(
        new_id(),
        new_id(),
        "openai",
        model,
        "u",
        "p",
        cost_micros=cost,
        input_tokens=figures.get("input_tokens", 10),
        cached_input_tokens=4,
        output_tokens=20,
        reasoning_tokens=2,
        estimated=cost is None,
    )


async def test_run_is_recorded_once(database: Database, scope: Scope) -> None:
    new = record()
    first = await database.write(scope, usage.insert, new, NOW)
    again = await database.write(scope, usage.insert, new, NOW + 1)
    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.row == first.row


async def test_sums_by_model_day_and_in_total(database: Database, scope: Scope) -> None:
    for new, at in (
        (record("a"), NOW),
        (record("a", None), NOW + DAY),
        (record("b", input_tokens=100), NOW + DAY),
    ):
        await database.write(scope, usage.insert, new, at)
    assert await database.read(scope, usage.summary) == [
        UsageSum(None, "USD", 3, 120, 12, 60, 6, 10, 1, 1),
    ]
    assert await database.read(scope, usage.summary, "model") == [
        UsageSum("a", "USD", 2, 20, 8, 40, 4, 5, 1, 1),
        UsageSum("b", "USD", 1, 100, 4, 20, 2, 5, 0, 0),
    ]
    by_day = await database.read(scope, usage.summary, "day")
    assert [(day.key, day.runs) for day in by_day] == [("2023-11-14", 1), ("2023-11-15", 2)]
    later = await database.read(scope, usage.summary, "provider", NOW + 1, NOW + DAY + 1)
    assert [(group.key, group.runs) for group in later] == [("openai", 2)]
    assert [group.key for group in await database.read(scope, usage.summary, "project")] == ["p"]
    assert [group.key for group in await database.read(scope, usage.summary, "user")] == ["u"]
    assert await database.read(scope, usage.summary, "total", None, None, "other") == []


async def test_usage_of_another_tenant_is_not_counted(database: Database, scope: Scope) -> None:
    await database.write(scope, usage.insert, record(), NOW)
    assert await database.read(await other_tenant(database), usage.summary, "model") == []


async def test_usage_of_a_conversation_and_of_one_of_its_paths(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    await database.write(scope, usage.insert, record(), NOW)
    question = await say(database, scope, conversation.id, "hi")
    leaf = question
    for parent in (question, question, None):
        reply = await begin_reply(database, scope, parent or leaf, status="completed")
        run = (await database.write(scope, runs.insert, new_run(reply), NOW)).row
        await database.write(scope, runs.claim, run.id, "server-1", NOW, NOW)
        await database.write(scope, runs.finish, run.id, 1, "completed", NOW)
        await database.write(scope, usage.insert, replace(record(), run_id=run.id), NOW)
        leaf = reply

    async def count(conversation_id: str, leaf_id: str | None = None) -> int:
        sums = await database.read(scope, usage.summary, "total", None, None, None, conversation_id, leaf_id)
        return sum(row.runs for row in sums)

    assert await count(conversation.id) == 3
    assert await count(conversation.id, leaf.id) == 2
    assert await count(conversation.id, question.id) == 0
    assert await count(new_id()) == 0
