from dataclasses import replace

import pytest

from chatty.protocol.ids import new_id
from chatty.store import conversations, projects, prompts
from chatty.store.database import Database, Scope
from chatty.store.errors import (
    AlreadyExists,
    IdempotencyMismatch,
    InvalidCursor,
    NotFound,
    VersionConflict,
)
from chatty.store.rows import NewProject, NewPrompt, NewPromptVersion, Project
from tests.store.making import NOW, new_conversation, other_tenant


async def test_inserted_project_is_read_back_whole(database: Database, scope: Scope) -> None:
    new = NewProject(new_id(), "Thesis", "Be brief.", "model", '{"temperature":0}')
    inserted = await database.write(scope, projects.insert, new, NOW)
    assert not inserted.duplicate
    assert inserted.row == Project(
        workspace_id=scope.workspace_id,
        id=new.id,
        name="Thesis",
        instructions="Be brief.",
        default_model="model",
        params='{"temperature":0}',
        archived_at=None,
        created_at=NOW,
        updated_at=NOW,
        version=1,
        deleted_at=None,
    )
    assert await database.read(scope, projects.get, new.id) == inserted.row
    assert await database.read(scope, projects.get_by_name, "Thesis") == inserted.row


async def test_same_project_twice_is_a_duplicate(database: Database, scope: Scope) -> None:
    new = NewProject(new_id(), "Thesis")
    first = await database.write(scope, projects.insert, new, NOW)
    second = await database.write(scope, projects.insert, new, NOW + 1)
    assert second.duplicate
    assert second.row == first.row


@pytest.mark.parametrize(
    "changed", [{"name": "Novel"}, {"instructions": "Other."}, {"default_model": "lab/x"}]
)
async def test_same_id_for_another_project_is_refused(
    database: Database, scope: Scope, changed: dict[str, str]
) -> None:
    new = NewProject(new_id(), "Thesis", instructions="Short.")
    first = await database.write(scope, projects.insert, new, NOW)
    with pytest.raises(IdempotencyMismatch):
        await database.write(scope, projects.insert, replace(new, **changed), NOW)
    assert await database.read(scope, projects.get, new.id) == first.row


async def test_taken_name_is_refused_on_insert_and_on_update(database: Database, scope: Scope) -> None:
    await database.write(scope, projects.insert, NewProject(new_id(), "Thesis"), NOW)
    other = (await database.write(scope, projects.insert, NewProject(new_id(), "Novel"), NOW)).row
    with pytest.raises(AlreadyExists):
        await database.write(scope, projects.insert, NewProject(new_id(), "Thesis"), NOW)
    with pytest.raises(AlreadyExists):
        await database.write(scope, projects.update, other.id, {"name": "Thesis"}, None, NOW)
    assert await database.read(scope, projects.get, other.id) == other


async def test_update_raises_the_version_and_refuses_a_stale_one(database: Database, scope: Scope) -> None:
    project = (await database.write(scope, projects.insert, NewProject(new_id(), "Thesis"), NOW)).row
    changed = await database.write(scope, projects.update, project.id, {"instructions": "New."}, 1, NOW + 5)
    assert (changed.instructions, changed.version, changed.updated_at) == ("New.", 2, NOW + 5)
    with pytest.raises(VersionConflict) as caught:
        await database.write(scope, projects.update, project.id, {"instructions": "Old."}, 1, NOW + 6)
    assert caught.value.current == changed


async def test_unknown_column_in_a_patch_is_refused(database: Database, scope: Scope) -> None:
    project = (await database.write(scope, projects.insert, NewProject(new_id(), "Thesis"), NOW)).row
    patch: projects.ProjectPatch = {"workspace_id": "x"}  # type: ignore[typeddict-unknown-key]
    with pytest.raises(TypeError):
        await database.write(scope, projects.update, project.id, patch, None, NOW)


async def test_list_pages_by_name_without_archived_ones(database: Database, scope: Scope) -> None:
    for name in ("d", "b", "a", "c"):
        await database.write(scope, projects.insert, NewProject(new_id(), name), NOW)
    hidden = await database.read(scope, projects.get_by_name, "c")
    await database.write(scope, projects.archive, hidden.id, NOW)
    first = await database.read(scope, projects.list_page, 2)
    second = await database.read(scope, projects.list_page, 2, first.next_cursor)
    assert [project.name for project in first.items + second.items] == ["a", "b", "d"]
    assert second.next_cursor is None
    archived = await database.read(scope, projects.list_page, 10, None, True)
    assert [project.name for project in archived.items] == ["c"]
    await database.write(scope, projects.restore, hidden.id, NOW)
    assert len((await database.read(scope, projects.list_page)).items) == 4


async def test_foreign_cursor_is_refused(database: Database, scope: Scope) -> None:
    with pytest.raises(InvalidCursor):
        await database.read(scope, projects.list_page, 2, "WzFd")


async def test_changes_since_hold_tombstones(database: Database, scope: Scope) -> None:
    kept = (await database.write(scope, projects.insert, NewProject(new_id(), "kept"), NOW)).row
    gone = (await database.write(scope, projects.insert, NewProject(new_id(), "gone"), NOW)).row
    tombstone = await database.write(scope, projects.delete, gone.id, NOW + 10)
    assert (tombstone.name, tombstone.instructions, tombstone.deleted_at) == ("", None, NOW + 10)
    since = await database.read(scope, projects.list_page, 10, None, False, NOW + 5)
    assert [project.id for project in since.items] == [gone.id]
    first = await database.read(scope, projects.list_page, 1, None, False, NOW)
    second = await database.read(scope, projects.list_page, 1, first.next_cursor, False, NOW)
    assert [project.id for project in first.items + second.items] == [kept.id, gone.id]
    with pytest.raises(NotFound):
        await database.read(scope, projects.get, gone.id)


async def test_deleted_project_leaves_its_conversations(database: Database, scope: Scope) -> None:
    project = (await database.write(scope, projects.insert, NewProject(new_id(), "Thesis"), NOW)).row
    inside = new_conversation(project_id=project.id)
    await database.write(scope, conversations.insert, inside, None, NOW)
    await database.write(scope, projects.delete, project.id, NOW)
    assert (await database.read(scope, conversations.get, inside.id)).project_id is None


async def test_project_with_prompts_is_not_deleted(database: Database, scope: Scope) -> None:
    project = (await database.write(scope, projects.insert, NewProject(new_id(), "Thesis"), NOW)).row
    prompt = NewPrompt(new_id(), "outline", project.id)
    await database.write(scope, prompts.insert, prompt, NewPromptVersion("text"), NOW)
    with pytest.raises(AlreadyExists):
        await database.write(scope, projects.delete, project.id, NOW)


async def test_project_of_another_tenant_is_not_there(database: Database, scope: Scope) -> None:
    project = (await database.write(scope, projects.insert, NewProject(new_id(), "Thesis"), NOW)).row
    other = await other_tenant(database)
    with pytest.raises(NotFound):
        await database.read(other, projects.get, project.id)
    with pytest.raises(NotFound):
        await database.write(other, projects.update, project.id, {"name": "Mine"}, None, NOW)
    same_name = await database.write(other, projects.insert, NewProject(project.id, "Thesis"), NOW)
    assert not same_name.duplicate
