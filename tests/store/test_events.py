import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatty.protocol.ids import new_id
from chatty.store import bootstrap, conversations, events
from chatty.store.database import SYSTEM, Database, Scope, Work
from chatty.store.errors import NotFound
from chatty.store.rows import Conversation, NewConversation
from chatty.store.sqlite import open_database
from tests.store.making import NOW, new_conversation, other_tenant


async def test_body_is_the_exact_wire_text(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    (event,) = await database.write(
        scope, events.append, conversation.id, [("message.created", "user-1", {"text": "né"})], NOW + 7
    )
    assert event.body == (
        '{"jsonrpc":"2.0","method":"event","params":{"conversation_id":"' + conversation.id + '",'
        '"seq":1,"type":"message.created","at":"2023-11-14T22:13:20.007Z","actor":"user-1",'
        '"data":{"text":"né"}}}'
    )
    assert await database.read(scope, events.tail, conversation.id, 0) == [event]


async def test_numbers_go_on_from_the_head(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    await database.write(scope, events.append, conversation.id, [("a", None, {}), ("b", None, {})], NOW)
    many: list[events.EventToAppend] = [("c", None, {"n": n}) for n in range(40)]
    stored = await database.write(scope, events.append, conversation.id, many, NOW)
    assert [event.seq for event in stored] == list(range(3, 43))
    assert await database.read(scope, events.heads, [conversation.id, new_id()]) == {conversation.id: 42}
    assert await database.read(scope, events.heads, []) == {}
    assert await database.write(scope, events.append, conversation.id, [], NOW) == []


async def test_failed_unit_leaves_no_gap(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    def append_and_fail(scope: Scope) -> Work[None]:
        yield from events.append(scope, conversation.id, [("lost", None, {})], NOW)
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(scope, append_and_fail)
    (event,) = await database.write(scope, events.append, conversation.id, [("kept", None, {})], NOW)
    assert event.seq == 1


async def test_writers_at_once_leave_no_gap(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    def append(scope: Scope, number: int) -> Work[None]:
        yield from events.append(scope, conversation.id, [("n", None, {"n": number})] * (number % 3), NOW)
        if number % 5 == 0:
            raise LookupError

    await asyncio.gather(
        *(database.write(scope, append, number) for number in range(60)), return_exceptions=True
    )
    tail = await database.read(scope, events.tail, conversation.id, 0)
    assert tail is not None
    assert [event.seq for event in tail] == list(range(1, len(tail) + 1))
    assert len(tail) == sum(number % 3 for number in range(60) if number % 5)
    assert [json.loads(event.body)["params"]["seq"] for event in tail] == [event.seq for event in tail]


async def test_tail_is_whole_or_nothing(database: Database, scope: Scope, conversation: Conversation) -> None:
    many: list[events.EventToAppend] = [("n", None, {"pad": "é" * 50}) for _ in range(10)]
    await database.write(scope, events.append, conversation.id, many, NOW)

    async def seqs(since: int, max_rows: int = 500, max_bytes: int = 100_000) -> list[int] | None:
        tail = await database.read(scope, events.tail, conversation.id, since, max_rows, max_bytes)
        return None if tail is None else [event.seq for event in tail]

    assert await seqs(7) == [8, 9, 10]
    assert await seqs(10) == []
    assert await seqs(11) is None
    assert await seqs(-1) is None
    assert await seqs(0, 9) is None
    assert await seqs(0, 10, 2_600) is None
    assert await seqs(0, 10, 3_500) == list(range(1, 11))
    with pytest.raises(NotFound):
        await database.read(scope, events.tail, new_id(), 0)


async def test_prune_raises_the_floor(database: Database, scope: Scope, conversation: Conversation) -> None:
    for number in range(6):
        await database.write(scope, events.append, conversation.id, [("n", None, {})], NOW + number)
    assert await database.write(scope, events.prune, conversation.id, 4) == 2
    assert await database.write(scope, events.prune, conversation.id, 4, NOW + 3) == 3
    assert await database.write(scope, events.prune, conversation.id, 100) == 3
    assert await database.read(scope, events.tail, conversation.id, 2) is None
    tail = await database.read(scope, events.tail, conversation.id, 3)
    assert tail is not None
    assert [event.seq for event in tail] == [4, 5, 6]
    with pytest.raises(NotFound):
        await database.write(scope, events.prune, new_id())


async def test_log_of_another_tenant_is_not_there(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    await database.write(scope, events.append, conversation.id, [("n", None, {})], NOW)
    other = await other_tenant(database)
    with pytest.raises(NotFound):
        await database.read(other, events.tail, conversation.id, 0)
    with pytest.raises(NotFound):
        await database.write(other, events.append, conversation.id, [("n", None, {})], NOW)
    assert await database.read(other, events.heads, [conversation.id]) == {}


_unit = st.tuples(st.integers(0, 1), st.integers(0, 4), st.booleans())
"""Which of two conversations, how many events, and whether the unit fails at its end."""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(units=st.lists(_unit, min_size=1, max_size=40))
def test_any_mix_of_units_leaves_gap_free_logs(
    units: list[tuple[int, int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    asyncio.run(_run_units(units, tmp_path_factory.mktemp("events") / "chatty.db"))


async def _run_units(units: list[tuple[int, int, bool]], path: Path) -> None:
    database = await open_database(path)
    workspace, user = await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    scope = Scope(workspace.id, user.id)
    ids = [new_conversation().id for _ in range(2)]
    for conversation_id in ids:
        new = NewConversation(conversation_id)
        await database.write(scope, conversations.insert, new, None, NOW)

    def append(scope: Scope, conversation_id: str, count: int, fails: bool) -> Work[None]:
        yield from events.append(scope, conversation_id, [("n", None, {})] * count, NOW)
        if fails:
            raise LookupError

    await asyncio.gather(
        *(database.write(scope, append, ids[which], count, fails) for which, count, fails in units),
        return_exceptions=True,
    )
    for which, conversation_id in enumerate(ids):
        tail = await database.read(scope, events.tail, conversation_id, 0)
        expected = sum(count for unit, count, fails in units if unit == which and not fails)
        assert [event.seq for event in tail or []] == list(range(1, expected + 1))
        assert await database.read(scope, events.heads, [conversation_id]) == {conversation_id: expected}
    await database.close()
