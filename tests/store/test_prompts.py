import asyncio
from dataclasses import replace

import pytest

from chatty.protocol.ids import new_id
from chatty.store import prompts
from chatty.store.database import Database, Scope
from chatty.store.errors import AlreadyExists, IdempotencyMismatch, NotFound, VersionConflict
from chatty.store.rows import NewPrompt, NewPromptVersion, Prompt
from tests.store.making import NOW, find, other_tenant


async def new_prompt(database: Database, scope: Scope, name: str = "outline", body: str = "one") -> Prompt:
    prompt = NewPrompt(new_id(), name, title="An outline")
    return (await database.write(scope, prompts.insert, prompt, NewPromptVersion(body), NOW)).row


async def test_prompt_begins_with_version_one(database: Database, scope: Scope) -> None:
    prompt = await new_prompt(database, scope)
    version = await database.read(scope, prompts.version, prompt.id, 1)
    assert prompt.latest_version == 1
    assert (version.n, version.body, version.author_id) == (1, "one", scope.user_id)
    assert await database.read(scope, prompts.get_by_name, None, "outline") == prompt


async def test_versions_are_numbered_and_stay(database: Database, scope: Scope) -> None:
    prompt = await new_prompt(database, scope)
    added = await database.write(scope, prompts.add_version, prompt.id, NewPromptVersion("two"), NOW + 1)
    assert added.n == 2
    page = await database.read(scope, prompts.versions, prompt.id, 1)
    rest = await database.read(scope, prompts.versions, prompt.id, 1, page.next_cursor)
    assert [(version.n, version.body) for version in page.items + rest.items] == [(2, "two"), (1, "one")]


async def test_versions_added_at_once_get_different_numbers(database: Database, scope: Scope) -> None:
    prompt = await new_prompt(database, scope)
    added = await asyncio.gather(
        *(
            database.write(scope, prompts.add_version, prompt.id, NewPromptVersion(str(n)), NOW)
            for n in range(20)
        )
    )
    assert sorted(version.n for version in added) == list(range(2, 22))


async def test_version_on_top_of_a_stale_one_is_refused(database: Database, scope: Scope) -> None:
    prompt = await new_prompt(database, scope)
    await database.write(scope, prompts.add_version, prompt.id, NewPromptVersion("two"), NOW, 1)
    with pytest.raises(VersionConflict):
        await database.write(scope, prompts.add_version, prompt.id, NewPromptVersion("mine"), NOW, 1)
    with pytest.raises(NotFound):
        await database.write(scope, prompts.add_version, new_id(), NewPromptVersion("x"), NOW)


async def test_same_prompt_twice_is_a_duplicate_and_a_taken_name_is_refused(
    database: Database, scope: Scope
) -> None:
    new = NewPrompt(new_id(), "outline")
    await database.write(scope, prompts.insert, new, NewPromptVersion("one"), NOW)
    again = await database.write(scope, prompts.insert, new, NewPromptVersion("one"), NOW)
    assert again.duplicate
    with pytest.raises(AlreadyExists):
        await new_prompt(database, scope)
    other = await new_prompt(database, scope, "other")
    with pytest.raises(AlreadyExists):
        await database.write(scope, prompts.update_meta, other.id, {"name": "outline"}, None, NOW)


async def test_same_id_for_another_prompt_is_refused(database: Database, scope: Scope) -> None:
    new, version = NewPrompt(new_id(), "outline"), NewPromptVersion("one")
    first = await database.write(scope, prompts.insert, new, version, NOW)
    for wanted, body in ((replace(new, title="T"), version), (new, NewPromptVersion("two"))):
        with pytest.raises(IdempotencyMismatch):
            await database.write(scope, prompts.insert, wanted, body, NOW)
    assert await database.read(scope, prompts.get, new.id) == first.row
    await database.write(scope, prompts.add_version, new.id, NewPromptVersion("two"), NOW)
    assert (await database.write(scope, prompts.insert, new, version, NOW)).duplicate


async def test_meta_changes_and_lists_follow(database: Database, scope: Scope) -> None:
    prompt = await new_prompt(database, scope, "b")
    await new_prompt(database, scope, "a")
    changed = await database.write(scope, prompts.update_meta, prompt.id, {"title": "T"}, 1, NOW + 3)
    assert (changed.title, changed.version) == ("T", 2)
    first = await database.read(scope, prompts.list_page, 1)
    second = await database.read(scope, prompts.list_page, 1, first.next_cursor)
    assert [item.name for item in first.items + second.items] == ["a", "b"]
    changes = await database.read(scope, prompts.list_page, 10, None, "", NOW + 1)
    assert [item.name for item in changes.items] == ["b"]


async def test_deleted_prompt_leaves_no_text(database: Database, scope: Scope) -> None:
    prompt = await new_prompt(database, scope, body="walrus")
    assert [hit.id for hit in await find(database, scope, "walrus")] == [prompt.id]
    tombstone = await database.write(scope, prompts.delete, prompt.id, NOW + 1)
    assert (tombstone.name, tombstone.title) == ("", "")
    assert await find(database, scope, "walrus") == []
    for lookup in (prompts.get,):
        with pytest.raises(NotFound):
            await database.read(scope, lookup, prompt.id)
    with pytest.raises(NotFound):
        await database.read(scope, prompts.version, prompt.id, 1)
    await new_prompt(database, scope)


async def test_prompt_of_another_tenant_is_not_there(database: Database, scope: Scope) -> None:
    prompt = await new_prompt(database, scope)
    other = await other_tenant(database)
    with pytest.raises(NotFound):
        await database.read(other, prompts.get, prompt.id)
    with pytest.raises(NotFound):
        await database.read(other, prompts.version, prompt.id, 1)
    with pytest.raises(NotFound):
        await database.read(other, prompts.get_by_name, None, "outline")
    assert (await database.read(other, prompts.versions, prompt.id)).items == []
