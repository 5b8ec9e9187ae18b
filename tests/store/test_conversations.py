from dataclasses import replace

import pytest

from chatty.protocol.ids import new_id
from chatty.store import conversations, messages, projects
from chatty.store.database import Database, Scope
from chatty.store.errors import IdempotencyMismatch, NotFound, VersionConflict
from chatty.store.rows import Conversation, NewConversation, NewProject
from tests.store.making import NOW, find, new_conversation, other_tenant, say


async def test_new_conversation_is_empty(database: Database, scope: Scope) -> None:
    new = NewConversation(new_id(), title="Hello", title_source="user", origin="tui", model="m", params="{}")
    inserted = await database.write(scope, conversations.insert, new, "hash", NOW)
    assert inserted.row == Conversation(
        workspace_id=scope.workspace_id,
        id=new.id,
        project_id=None,
        owner_id=scope.user_id,
        title="Hello",
        title_source="user",
        visibility="private",
        origin="tui",
        model="m",
        params="{}",
        system_prompt_ref=None,
        head_seq=0,
        floor_seq=0,
        message_seq=0,
        message_count=0,
        last_message_at=NOW,
        archived_at=None,
        forked_from_conversation_id=None,
        forked_from_message_id=None,
        payload_hash="hash",
        created_at=NOW,
        updated_at=NOW,
        version=1,
        deleted_at=None,
        purged_at=None,
    )
    assert await database.read(scope, conversations.get, new.id) == inserted.row


async def test_same_id_owner_and_hash_is_a_duplicate(database: Database, scope: Scope) -> None:
    new = new_conversation()
    first = await database.write(scope, conversations.insert, new, "hash", NOW)
    again = await database.write(scope, conversations.insert, new, "hash", NOW + 9)
    assert again.duplicate
    assert again.row == first.row
    with pytest.raises(IdempotencyMismatch):
        await database.write(scope, conversations.insert, new, "other", NOW)
    with pytest.raises(IdempotencyMismatch):
        await database.write(replace(scope, user_id=new_id()), conversations.insert, new, "hash", NOW)


async def test_list_is_by_activity_with_filters(database: Database, scope: Scope) -> None:
    project = (await database.write(scope, projects.insert, NewProject(new_id(), "P"), NOW)).row
    quiet = new_conversation("quiet")
    busy = new_conversation("busy", project.id)
    script = replace(new_conversation("script"), origin="script")
    for number, new in enumerate((quiet, busy, script)):
        await database.write(scope, conversations.insert, new, None, NOW + number)
    await say(database, scope, quiet.id, "hi", at_ms=NOW + 100)
    await say(database, scope, busy.id, "hi", at_ms=NOW + 200)

    async def titles(**filters: str | bool | None) -> list[str]:
        page = await database.read(scope, conversations.list_page, 10, None, **filters)  # type: ignore[arg-type]
        return [item.title for item in page.items]

    assert await titles() == ["busy", "quiet", "script"]
    assert await titles(project_id=project.id) == ["busy"]
    assert await titles(project_id=conversations.NO_PROJECT) == ["quiet", "script"]
    assert await titles(origin="script") == ["script"]
    await database.write(scope, conversations.archive, quiet.id, NOW + 300)
    assert await titles() == ["busy", "script"]
    assert await titles(archived=True) == ["quiet"]
    assert await titles(archived=None) == ["busy", "quiet", "script"]
    await database.write(scope, conversations.unarchive, quiet.id, NOW + 300)
    assert await titles() == ["busy", "quiet", "script"]


async def test_pages_cover_all_conversations_once(database: Database, scope: Scope) -> None:
    made = [new_conversation(str(number)) for number in range(7)]
    for new in made:
        await database.write(scope, conversations.insert, new, None, NOW)  # all at the same time
    seen: list[str] = []
    cursor = None
    while True:
        page = await database.read(scope, conversations.list_page, 3, cursor)
        seen += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(new.id for new in made)


async def test_changes_since_hold_archived_ones_and_tombstones(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    other = new_conversation()
    await database.write(scope, conversations.insert, other, None, NOW)
    await database.write(scope, conversations.archive, conversation.id, NOW + 10)
    await database.write(scope, conversations.delete, other.id, NOW + 20)
    first = await database.read(scope, conversations.list_page, 1, updated_since=NOW + 1)
    second = await database.read(scope, conversations.list_page, 1, first.next_cursor, updated_since=NOW + 1)
    assert [item.id for item in first.items + second.items] == [conversation.id, other.id]
    assert second.items[0].deleted_at == NOW + 20
    await database.write(scope, conversations.touch, conversation.id, NOW + 30)
    third = await database.read(scope, conversations.list_page, 9, updated_since=NOW + 30)
    assert [item.id for item in third.items] == [conversation.id]


async def test_update_checks_the_version(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    patch: conversations.ConversationPatch = {"title": "New", "title_source": "user"}
    changed = await database.write(scope, conversations.update, conversation.id, patch, 1, NOW + 1)
    assert (changed.title, changed.version) == ("New", 2)
    assert [hit.id for hit in await find(database, scope, "new")] == [conversation.id]
    with pytest.raises(VersionConflict):
        await database.write(scope, conversations.update, conversation.id, patch, 1, NOW + 2)
    with pytest.raises(NotFound):
        await database.write(scope, conversations.update, new_id(), patch, None, NOW)


async def test_deleted_conversation_is_hidden_until_restored(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    await say(database, scope, conversation.id, "walrus")
    await database.write(scope, conversations.delete, conversation.id, NOW + 1)
    with pytest.raises(NotFound):
        await database.read(scope, conversations.get, conversation.id)
    assert (await database.read(scope, conversations.list_page)).items == []
    assert await find(database, scope, "walrus") == []
    assert await database.read(scope, conversations.purgeable, NOW + 2) == [conversation.id]
    restored = await database.write(scope, conversations.restore, conversation.id, NOW + 2)
    assert restored.deleted_at is None
    assert len(await find(database, scope, "walrus")) == 1
    assert await database.read(scope, conversations.purgeable, NOW + 2) == []
    with pytest.raises(NotFound):
        await database.write(scope, conversations.purge, conversation.id, NOW + 3, NOW + 2)
    assert len(await find(database, scope, "walrus")) == 1


async def test_purged_conversation_cannot_be_restored(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    await database.write(scope, conversations.purge, conversation.id, NOW + 1)
    with pytest.raises(NotFound):
        await database.write(scope, conversations.restore, conversation.id, NOW + 2)
    tombstone = await database.read(scope, conversations.find, conversation.id)
    assert tombstone is not None
    assert (tombstone.purged_at, tombstone.deleted_at) == (NOW + 1, NOW + 1)
    with pytest.raises(NotFound):
        await database.write(scope, conversations.purge, new_id(), NOW)


async def test_leaf_is_the_newest_until_somebody_chooses(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    assert await database.read(scope, conversations.leaf, conversation.id) is None
    first = await say(database, scope, conversation.id, "one")
    second = await say(database, scope, conversation.id, "two")
    assert await database.read(scope, conversations.leaf, conversation.id) == second.id
    await database.write(scope, conversations.set_leaf, conversation.id, first.id)
    assert await database.read(scope, conversations.leaf, conversation.id) == first.id
    colleague = replace(scope, user_id=new_id())
    assert await database.read(colleague, conversations.leaf, conversation.id) == second.id
    await database.write(scope, conversations.set_leaf, conversation.id, None)
    assert await database.read(scope, conversations.leaf, conversation.id) == second.id
    with pytest.raises(NotFound):
        await database.write(scope, conversations.set_leaf, conversation.id, new_id())


async def test_leaf_through_a_message_is_the_one_in_use_or_the_newest(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    async def through(message_id: str) -> str:
        return await database.read(scope, conversations.leaf_through, conversation.id, message_id)

    root = await say(database, scope, conversation.id, "root")
    left = await say(database, scope, conversation.id, "left", root.id)
    right = await say(database, scope, conversation.id, "right", root.id)
    end = await say(database, scope, conversation.id, "end", left.id)
    assert [await through(message.id) for message in (root, left, right, end)] == [
        end.id,
        end.id,
        right.id,
        end.id,
    ]
    await database.write(scope, conversations.set_leaf, conversation.id, right.id)
    assert [await through(message.id) for message in (root, left)] == [right.id, end.id]
    await database.write(scope, messages.delete, end.id, NOW)
    assert await through(left.id) == left.id
    with pytest.raises(NotFound):
        await through(end.id)
    elsewhere = await database.write(scope, conversations.insert, new_conversation(), None, NOW)
    with pytest.raises(NotFound):
        await database.read(scope, conversations.leaf_through, elsewhere.row.id, root.id)


async def test_conversation_of_another_tenant_is_not_there(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    other = await other_tenant(database)
    with pytest.raises(NotFound):
        await database.read(other, conversations.get, conversation.id)
    with pytest.raises(NotFound):
        await database.write(other, conversations.delete, conversation.id, NOW)
    with pytest.raises(NotFound):
        await database.write(other, conversations.purge, conversation.id, NOW)
    assert (await database.read(other, conversations.list_page)).items == []
    assert await database.read(other, conversations.find, conversation.id) is None
