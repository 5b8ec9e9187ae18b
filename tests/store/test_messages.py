from dataclasses import replace

import pytest

from chatty.protocol.ids import new_id
from chatty.store import conversations, events, messages, parts, runs
from chatty.store.database import Database, Scope, Work
from chatty.store.errors import IdempotencyMismatch, NotFound
from chatty.store.rows import Conversation, Inserted, Message, NewMessage, NewPart, Part, TreeNode
from tests.store.making import NOW, begin_reply, find, new_run, other_tenant, say


async def test_message_is_stored_with_its_parts(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    new = NewMessage(new_id(), conversation.id, "user", author_id=scope.user_id)
    pieces = [NewPart(text="Hello"), NewPart("image", data='{"file_id":"f"}')]
    inserted = await database.write(scope, messages.insert, new, pieces, "hash", NOW + 1)
    assert inserted == Inserted(
        Message(
            workspace_id=scope.workspace_id,
            id=new.id,
            conversation_id=conversation.id,
            parent_id=None,
            created_seq=1,
            role="user",
            author_id=scope.user_id,
            run_id=None,
            status="completed",
            model=None,
            provider=None,
            finish_reason=None,
            input_tokens=None,
            output_tokens=None,
            error=None,
            provider_meta=None,
            edited_from_id=None,
            payload_hash="hash",
            created_at=NOW + 1,
            updated_at=NOW + 1,
            version=1,
            deleted_at=None,
        ),
        duplicate=False,
    )
    assert await database.read(scope, messages.get, new.id) == inserted.row
    assert await database.read(scope, parts.of_messages, [new.id]) == {
        new.id: [
            Part(new.id, 0, "text", "Hello", None, "completed", 0),
            Part(new.id, 1, "image", None, '{"file_id":"f"}', "completed", 0),
        ]
    }
    stored = await database.read(scope, conversations.get, conversation.id)
    assert (stored.message_count, stored.last_message_at) == (1, NOW + 1)


async def test_message_of_very_many_parts_is_stored(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    new = NewMessage(new_id(), conversation.id, "assistant")
    pieces = [NewPart(text=f"piece {number}") for number in range(300)]
    await database.write(scope, messages.insert, new, pieces, None, NOW)
    stored = (await database.read(scope, parts.of_messages, [new.id]))[new.id]
    assert [part.text for part in stored] == [piece.text for piece in pieces]


async def test_sending_twice_stores_once(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    new = NewMessage(new_id(), conversation.id, "user", author_id=scope.user_id)
    first = await database.write(scope, messages.insert, new, [NewPart(text="hi")], "hash", NOW)
    again = await database.write(scope, messages.insert, new, [NewPart(text="hi")], "hash", NOW + 1)
    assert again == Inserted(first.row, duplicate=True)
    with pytest.raises(IdempotencyMismatch):
        await database.write(scope, messages.insert, new, [NewPart(text="ho")], "other", NOW)
    stranger = replace(new, author_id=new_id())
    with pytest.raises(IdempotencyMismatch):
        await database.write(scope, messages.insert, stranger, [NewPart(text="hi")], "hash", NOW)
    stored = await database.read(scope, conversations.get, conversation.id)
    assert (stored.message_count, stored.message_seq) == (1, 1)
    assert len(await find(database, scope, "hi")) == 1


async def test_parent_and_conversation_must_be_there(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    orphan = NewMessage(new_id(), conversation.id, "user", parent_id=new_id())
    with pytest.raises(NotFound) as caught:
        await database.write(scope, messages.insert, orphan, [], None, NOW)
    assert caught.value.kind == "message"
    astray = NewMessage(new_id(), new_id(), "user")
    with pytest.raises(NotFound) as caught:
        await database.write(scope, messages.insert, astray, [], None, NOW)
    assert caught.value.kind == "conversation"


async def test_path_walks_from_the_leaf_to_the_root_by_pages(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    branch: list[Message] = []
    for number in range(5):
        parent_id = branch[-1].id if branch else None
        branch.append(await say(database, scope, conversation.id, str(number), parent_id))
    await say(database, scope, conversation.id, "another branch", branch[1].id)
    assert await database.read(scope, messages.path, branch[-1].id) == branch
    assert await database.read(scope, messages.path, branch[-1].id, 2) == branch[3:]
    assert await database.read(scope, messages.path, branch[-1].id, 2, branch[3].id) == branch[1:3]
    assert await database.read(scope, messages.path, branch[-1].id, 2, branch[0].id) == []
    assert await database.read(scope, messages.path, new_id()) == []


async def test_path_goes_on_behind_a_message_towards_its_leaf(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    branch: list[Message] = []
    for number in range(6):
        parent_id = branch[-1].id if branch else None
        branch.append(await say(database, scope, conversation.id, str(number), parent_id))
    other = await say(database, scope, conversation.id, "another branch", branch[1].id)
    leaf = branch[-1].id
    assert await database.read(scope, messages.path_after, leaf, branch[1].id, 2) == branch[2:4]
    assert await database.read(scope, messages.path_after, leaf, branch[1].id) == branch[2:]
    assert await database.read(scope, messages.path_after, other.id, branch[0].id) == [branch[1], other]
    assert await database.read(scope, messages.path_after, leaf, leaf) == []
    for elsewhere in (other.id, new_id()):
        with pytest.raises(NotFound):
            await database.read(scope, messages.path_after, leaf, elsewhere)


async def test_nearest_of_some_messages_above_another(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    branch = [await say(database, scope, conversation.id, "root")]
    for number in range(3):
        branch.append(await say(database, scope, conversation.id, str(number), branch[-1].id))
    other = await say(database, scope, conversation.id, "another branch", branch[0].id)
    root, first, second, leaf = (message.id for message in branch)
    for wanted, found in [
        ([root, second], second),
        ([second, root, first], second),
        ([leaf], leaf),
        ([root], root),
        ([other.id], None),
        ([new_id()], None),
    ]:
        assert await database.read(scope, messages.nearest_above, leaf, wanted) == found


async def test_siblings_keep_the_order_they_came_in(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    root = await say(database, scope, conversation.id, "root")
    other_root = await say(database, scope, conversation.id, "other root")
    replies = [await begin_reply(database, scope, root) for _ in range(3)]
    below = await database.read(scope, messages.children, conversation.id, root.id)
    assert below == [reply.id for reply in replies]
    found = await database.read(scope, messages.versions, conversation.id, [None, root.id])
    assert [node.id for node in found] == [root.id, other_root.id, *below]
    found = await database.read(scope, messages.versions, conversation.id, [root.id, root.id, other_root.id])
    assert [node.id for node in found] == below
    await database.write(scope, messages.delete, replies[0].id, NOW)
    found = await database.read(scope, messages.versions, conversation.id, [root.id])
    assert [node.id for node in found] == below[1:]
    assert await database.read(scope, messages.versions, conversation.id, []) == []


async def test_tree_and_list_hold_all_branches(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    root = await say(database, scope, conversation.id, "root")
    left = await say(database, scope, conversation.id, "left", root.id)
    right = await say(database, scope, conversation.id, "right", root.id)
    await database.write(scope, messages.delete, left.id, NOW + 1)
    assert (await database.read(scope, messages.tree_page, conversation.id)).items == [
        TreeNode(root.id, None, 1, "user", "completed"),
        TreeNode(right.id, root.id, 3, "user", "completed"),
    ]
    first_nodes = await database.read(scope, messages.tree_page, conversation.id, 1)
    next_nodes = await database.read(scope, messages.tree_page, conversation.id, 1, first_nodes.next_cursor)
    assert [node.id for node in (*first_nodes.items, *next_nodes.items)] == [root.id, right.id]
    assert next_nodes.next_cursor is None
    first = await database.read(scope, messages.list_page, conversation.id, 1)
    second = await database.read(scope, messages.list_page, conversation.id, 1, first.next_cursor)
    assert [first.items, second.items] == [[root], [right]]
    assert second.next_cursor is None


async def test_finished_reply_has_figures_and_is_found(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    asked = await say(database, scope, conversation.id, "why")
    reply = await begin_reply(database, scope, asked)
    streaming = await database.write(scope, messages.set_status, reply.id, "streaming", NOW + 1)
    assert streaming.status == "streaming"
    await database.write(scope, parts.put, reply.id, 0, NewPart(text="walrus"))
    assert await find(database, scope, "walrus") == []
    outcome = messages.Outcome("completed", "stop", 12, 34, provider="p")
    done = await database.write(scope, messages.finish, reply.id, outcome, NOW + 2)
    assert (done.status, done.finish_reason, done.input_tokens, done.output_tokens, done.provider) == (
        "completed",
        "stop",
        12,
        34,
        "p",
    )
    assert done.model == "m-1"
    assert [hit.id for hit in await find(database, scope, "walrus")] == [reply.id]


async def test_continued_reply_is_found_by_its_new_text_only(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    reply = await begin_reply(
        database,
        scope,
        await say(database, scope, conversation.id, "why"),
        "completed",
        [NewPart(text="walrus")],
    )
    await database.write(scope, messages.set_status, reply.id, "streaming", NOW + 1)
    assert await find(database, scope, "walrus") == []
    await database.write(scope, parts.put, reply.id, 0, NewPart(text="penguin"))
    await database.write(scope, messages.finish, reply.id, messages.Outcome("completed"), NOW + 2)
    await database.write(scope, messages.finish, reply.id, messages.Outcome("completed"), NOW + 3)
    assert await find(database, scope, "walrus") == []
    assert [hit.id for hit in await find(database, scope, "penguin")] == [reply.id]


async def test_deleted_message_leaves_an_empty_row_and_the_floor_above_its_events(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    def send(scope: Scope, message: NewMessage, text: str) -> Work[Message]:
        inserted = yield from messages.insert(scope, message, [NewPart(text=text)], None, NOW)
        data = {"message": {"id": message.id, "parts": [{"type": "text", "text": text}]}}
        yield from events.append(scope, conversation.id, [("message.created", None, data)], NOW)
        return inserted.row

    first = await database.write(scope, send, NewMessage(new_id(), conversation.id, "user"), "walrus")
    reply = await begin_reply(database, scope, first)
    run = (await database.write(scope, runs.insert, new_run(reply), NOW)).row
    later = NewMessage(new_id(), conversation.id, "user", reply.id)
    await database.write(scope, send, later, "penguin")
    deleted = await database.write(scope, messages.delete, first.id, NOW + 5)
    assert deleted.deleted_at == NOW + 5
    assert await database.read(scope, parts.of_messages, [first.id]) == {first.id: []}
    assert await find(database, scope, "walrus") == []
    assert await database.read(scope, events.tail, conversation.id, 0) is None
    rest = await database.read(scope, events.tail, conversation.id, 1)
    assert rest is not None
    assert [event.seq for event in rest] == [2]
    assert (await database.read(scope, runs.get, run.id)).id == run.id
    with pytest.raises(NotFound):
        await database.read(scope, messages.get, first.id)
    with pytest.raises(NotFound):
        await database.write(scope, messages.delete, first.id, NOW + 6)


async def test_part_is_read_in_pieces_of_code_points(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    message = await say(database, scope, conversation.id, "aé𝒳👩‍🚀z")
    whole = await database.read(scope, parts.read, message.id, 0)
    assert (whole.text, whole.length) == ("aé𝒳👩‍🚀z", 7)
    piece = await database.read(scope, parts.read, message.id, 0, 2, 2)
    assert (piece.start, piece.text) == (2, "𝒳👩")
    with pytest.raises(NotFound):
        await database.read(scope, parts.read, message.id, 1)


async def test_text_that_no_engine_can_hold_keeps_its_length(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    message = await say(database, scope, conversation.id, "a\0b\ud800c")
    assert (await database.read(scope, parts.read, message.id, 0)).text == "a\ufffdb\ufffdc"


async def test_sixteen_mebibytes_are_stored_and_found(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    text = "walrus " + "ab cd " * (16 * 1024 * 1024 // 6)
    message = await say(database, scope, conversation.id, text)
    assert (await database.read(scope, parts.read, message.id, 0, 0, 6)).length == len(text)
    assert [hit.id for hit in await find(database, scope, "walrus")] == [message.id]
    await database.write(scope, messages.delete, message.id, NOW)
    assert await find(database, scope, "walrus") == []


async def test_message_of_another_tenant_is_not_there(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    message = await say(database, scope, conversation.id, "walrus")
    other = await other_tenant(database)
    with pytest.raises(NotFound):
        await database.read(other, messages.get, message.id)
    with pytest.raises(NotFound):
        await database.write(other, messages.delete, message.id, NOW)
    with pytest.raises(NotFound):
        await database.write(other, messages.finish, message.id, messages.Outcome("failed"), NOW)
    with pytest.raises(NotFound):
        await database.write(other, messages.set_status, message.id, "failed", NOW)
    with pytest.raises(NotFound):
        await database.read(other, parts.read, message.id, 0)
    assert await database.read(other, parts.of_messages, [message.id]) == {message.id: []}
    assert await database.read(other, messages.path, message.id) == []
    assert (await database.read(other, messages.tree_page, conversation.id)).items == []
    assert await find(database, other, "walrus") == []
