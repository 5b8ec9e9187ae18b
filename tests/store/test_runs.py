import asyncio

import pytest

from chatty.protocol.ids import new_id
from chatty.store import parts, run_text, runs
from chatty.store.database import SYSTEM, Database, Scope
from chatty.store.errors import FenceLost, IdempotencyMismatch, NotFound, RunActive, ScopeRefused
from chatty.store.rows import Conversation, Inserted, NewRun, Part, PartSlice, Run
from tests.store.making import NOW, begin_reply, new_run, other_tenant, say


async def queue(database: Database, scope: Scope, conversation: Conversation) -> Run:
    reply = await begin_reply(database, scope, await say(database, scope, conversation.id, "hi"))
    return (await database.write(scope, runs.insert, new_run(reply), NOW)).row


async def test_run_goes_from_queued_to_completed(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    queued = await queue(database, scope, conversation)
    assert (queued.status, queued.fence, queued.attempt) == ("queued", 0, 0)
    running = await database.write(scope, runs.claim, queued.id, "server-1", NOW + 10_000, NOW + 1)
    assert running is not None
    assert (running.status, running.fence, running.owner, running.started_at) == (
        "running",
        1,
        "server-1",
        NOW + 1,
    )
    assert await database.write(scope, runs.claim, queued.id, "server-2", NOW, NOW) is None
    waiting = await database.write(scope, runs.set_status, queued.id, 1, "waiting", NOW + 2)
    assert waiting.status == "waiting"
    noted = await database.write(scope, runs.note_first_delta, queued.id, 1, "request-9", NOW + 3)
    assert (noted.first_delta_at, noted.provider_request_id) == (NOW + 3, "request-9")
    renewed = await database.write(scope, runs.renew, queued.id, "server-1", 1, NOW + 20_000)
    assert renewed.lease_until == NOW + 20_000
    done = await database.write(scope, runs.finish, queued.id, 1, "completed", NOW + 4)
    assert (done.status, done.finished_at, done.lease_until) == ("completed", NOW + 4, None)
    assert done.provider_request_id == "request-9"
    assert await database.read(scope, runs.get, queued.id) == done
    assert await database.read(scope, runs.list_active) == []


async def test_one_active_run_per_parent(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    asked = await say(database, scope, conversation.id, "hi")
    replies = [await begin_reply(database, scope, asked) for _ in range(2)]
    first = (await database.write(scope, runs.insert, new_run(replies[0]), NOW)).row
    with pytest.raises(RunActive) as caught:
        await database.write(scope, runs.insert, new_run(replies[1]), NOW)
    assert (caught.value.parent_id, caught.value.run_id) == (asked.id, first.id)
    await database.write(scope, runs.finish, first.id, 0, "cancelled", NOW)
    assert not (await database.write(scope, runs.insert, new_run(replies[1]), NOW)).duplicate


async def test_of_many_runs_at_once_one_wins(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    asked = await say(database, scope, conversation.id, "hi")
    replies = [await begin_reply(database, scope, asked) for _ in range(8)]
    outcomes = await asyncio.gather(
        *(database.write(scope, runs.insert, new_run(reply), NOW) for reply in replies),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Inserted) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, RunActive) for outcome in outcomes) == 7


async def test_same_run_twice_is_a_duplicate(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    reply = await begin_reply(database, scope, await say(database, scope, conversation.id, "hi"))
    new = new_run(reply)
    first = await database.write(scope, runs.insert, new, NOW)
    assert await database.write(scope, runs.insert, new, NOW + 1) == Inserted(first.row, duplicate=True)
    elsewhere = NewRun(new.id, conversation.id, new_id(), new_id())
    with pytest.raises(IdempotencyMismatch):
        await database.write(scope, runs.insert, elsewhere, NOW)


async def test_cancel_is_idempotent_and_keeps_the_final_status(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    run = await queue(database, scope, conversation)
    first = await database.write(scope, runs.request_cancel, run.id, NOW + 1)
    again = await database.write(scope, runs.request_cancel, run.id, NOW + 2)
    assert (first.status, first.cancel_by) == ("cancelling", scope.user_id)
    assert again.cancel_requested_at == NOW + 1
    await database.write(scope, runs.finish, run.id, 0, "cancelled", NOW + 3)
    assert (await database.write(scope, runs.request_cancel, run.id, NOW + 4)).status == "cancelled"
    with pytest.raises(NotFound):
        await database.write(scope, runs.request_cancel, new_id(), NOW)


async def test_stale_owner_can_write_nothing(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    run = await queue(database, scope, conversation)
    await database.write(scope, runs.claim, run.id, "server-1", NOW + 1, NOW)
    assert [expired.id for expired in await database.read(SYSTEM, runs.expired, NOW + 2)] == [run.id]
    reaped = await database.write(SYSTEM, runs.interrupt_expired, NOW + 2)
    assert [(item.id, item.status, item.fence) for item in reaped] == [(run.id, "interrupted", 2)]
    for late in (
        database.write(scope, runs.renew, run.id, "server-1", 1, NOW + 9),
        database.write(scope, runs.finish, run.id, 1, "completed", NOW + 9),
        database.write(scope, runs.set_status, run.id, 1, "waiting", NOW + 9),
        database.write(scope, runs.interrupt, run.id, 1, NOW + 9),
    ):
        with pytest.raises(FenceLost):
            await late
    assert await database.write(SYSTEM, runs.interrupt_expired, NOW + 3) == []


async def test_start_interrupts_all_unfinished_runs_of_all_tenants(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    unfinished = [await queue(database, scope, conversation) for _ in range(3)]
    finished = await queue(database, scope, conversation)
    await database.write(scope, runs.finish, finished.id, 0, "failed", NOW, '{"type":"x"}')
    interrupted = await database.write(SYSTEM, runs.interrupt_unfinished, NOW + 1)
    assert [run.id for run in interrupted] == [run.id for run in unfinished]
    assert {run.status for run in interrupted} == {"interrupted"}
    with pytest.raises(ScopeRefused):
        await database.write(scope, runs.interrupt_unfinished, NOW)
    with pytest.raises(ScopeRefused):
        await database.read(scope, runs.expired, NOW)


async def test_active_runs_are_listed_by_conversation(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    run = await queue(database, scope, conversation)
    assert await database.read(scope, runs.list_active, conversation.id) == [run]
    assert await database.read(scope, runs.list_active, new_id()) == []
    assert await database.read(await other_tenant(database), runs.list_active) == []


async def test_text_of_a_run_is_joined_and_folded(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    run = await queue(database, scope, conversation)
    assert run.message_id is not None
    await database.write(scope, run_text.append, run.id, 0, 0, 0, "first attempt")
    for offset, text in ((0, "näch"), (4, "ster "), (4, "ster "), (9, "👋")):
        await database.write(scope, run_text.append, run.id, 0, 1, offset, text)
    await database.write(scope, run_text.append, run.id, 2, 0, 0, "tool")
    assert await database.read(scope, run_text.read, run.id, 0) == PartSlice(0, "nächster 👋", 10, 1, "open")
    assert await database.read(scope, run_text.read, run.id, 0, 4, 3) == PartSlice(4, "ste", 10, 1, "open")
    assert await database.read(scope, run_text.read, run.id, 7) is None
    folded = await database.write(scope, run_text.fold, run.id, run.message_id)
    assert folded == {0: (1, "nächster 👋"), 2: (0, "tool")}
    assert await database.read(scope, parts.of_messages, [run.message_id]) == {
        run.message_id: [
            Part(run.message_id, 0, "text", "nächster 👋", None, "completed", 1),
            Part(run.message_id, 2, "text", "tool", None, "completed", 0),
        ]
    }
    assert await database.read(scope, run_text.read_all, run.id) == {}


async def test_text_after_a_gap_is_left_out(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    run = await queue(database, scope, conversation)
    for offset, text in ((0, "abc"), (2, "cd"), (9, "later")):
        await database.write(scope, run_text.append, run.id, 0, 0, offset, text)
    assert await database.read(scope, run_text.read_all, run.id) == {0: (0, "abcd")}
    await database.write(scope, run_text.discard, run.id)
    assert await database.read(scope, run_text.read_all, run.id) == {}
