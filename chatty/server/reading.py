"""Units of work that read a conversation the way clients see it. They change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chatty.protocol.message import Message, TreeNode
from chatty.server import wire
from chatty.store import conversations, messages, rows, usage
from chatty.store import parts as part_rows
from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound

Authors = Mapping[str, str]
"""User id -> name."""

PAGE_CODE_POINTS: Final = 4 << 20
"""Text in one page of messages: at six bytes each, as JSON writes control characters, 24 MiB."""


@dataclass(frozen=True, slots=True)
class PathPage:
    """A stretch of a path, oldest first, the other versions of its messages, and what is below its leaf."""

    messages: list[Message]
    siblings: list[TreeNode]
    has_older: bool
    has_newer: bool = False


def message(scope: Scope, conversation_id: str, message_id: str, authors: Authors) -> Work[Message]:
    """Read one message. Raises NotFound, also for a message of another conversation."""
    row = yield from messages.get(scope, message_id)
    if row.conversation_id != conversation_id:
        raise NotFound("message", message_id)
    return (yield from shown(scope, [row], authors))[0]


def path(
    scope: Scope,
    conversation_id: str,
    leaf: str | None,
    before: str | None,
    limit: int,
    authors: Authors,
) -> Work[PathPage]:
    """Read the newest `limit` messages of the path to a leaf, or of what lies before a message.

    Fewer where they are very long, but always one: an answer that is larger than clients take would be asked
    for again and again.

    Raises:
        NotFound: no such conversation, or the leaf is not in it.
    """
    yield from conversations.get(scope, conversation_id)
    end = leaf or (yield from conversations.leaf(scope, conversation_id))
    if end is None or limit == 0:
        return PathPage([], [], has_older=end is not None)
    found = yield from messages.path(scope, end, limit + 1, before)
    if any(row.conversation_id != conversation_id for row in found):
        raise NotFound("message", end)
    has_older = len(found) > limit
    kept = [row for row in found[-limit:] if row.deleted_at is None]
    whole = yield from shown(scope, kept, authors)
    fitting = _newest_that_fit(whole)
    below = [end] if before is None else []
    siblings = yield from _siblings(scope, conversation_id, kept[len(kept) - len(fitting) :], below)
    return PathPage(fitting, siblings, has_older or len(fitting) < len(whole))


def _newest_that_fit(found: list[Message]) -> list[Message]:
    room = PAGE_CODE_POINTS
    for number, message in enumerate(reversed(found)):
        room -= sum(len(getattr(part, "text", None) or "") for part in message.parts)
        if room < 0 and number:
            return found[-number:]
    return found


def path_after(
    scope: Scope, conversation_id: str, leaf: str | None, after: str, limit: int, authors: Authors
) -> Work[PathPage]:
    """Read the first `limit` messages that follow one on the path to a leaf.

    Raises:
        NotFound: no such conversation, the leaf is not in it, or the message not on its path.
    """
    yield from conversations.get(scope, conversation_id)
    end = leaf or (yield from conversations.leaf(scope, conversation_id))
    if end is None:
        raise NotFound("message", after)
    found = yield from messages.path_after(scope, end, after, limit + 1)
    if any(row.conversation_id != conversation_id for row in found):
        raise NotFound("message", end)
    kept = [row for row in found[:limit] if row.deleted_at is None]
    return PathPage(
        (yield from shown(scope, kept, authors)),
        (yield from _siblings(scope, conversation_id, kept)),
        has_older=True,
        has_newer=len(found) > limit,
    )


def _siblings(
    scope: Scope, conversation_id: str, path: Sequence[rows.Message], below: Sequence[str] = ()
) -> Work[list[TreeNode]]:
    """Read what else is beside the messages of a path, and below an end that is no end of the tree."""
    parents = [*(row.parent_id for row in path), *below]
    versions = yield from messages.versions(scope, conversation_id, parents)
    own = {row.id for row in path}
    return [wire.tree_node(node) for node in versions if node.id not in own]


def tree(scope: Scope, conversation_id: str, limit: int, cursor: str | None) -> Work[rows.Page[TreeNode]]:
    """Read a page of the shape of a conversation. Raises NotFound."""
    yield from conversations.get(scope, conversation_id)
    found = yield from messages.tree_page(scope, conversation_id, limit, cursor)
    return rows.Page([wire.tree_node(node) for node in found.items], found.next_cursor)


def shown(scope: Scope, found: Sequence[rows.Message], authors: Authors) -> Work[list[Message]]:
    """Read parts and usage of messages and return them as clients see them."""
    texts = yield from part_rows.of_messages(scope, [row.id for row in found])
    used = yield from usage.of_runs(scope, [row.run_id for row in found if row.run_id is not None])
    return [
        wire.message(row, texts[row.id], authors=authors, used=used.get(row.run_id or "")) for row in found
    ]
