"""What people type to name a thing, and the thing it names.

A conversation goes by its id, the beginning of it (six characters or more, if only one fits), or
``last``. Projects and prompts go by name or id. Ids are mostly time, so conversations of one day
share their first characters; lists therefore show thirteen.
"""

from collections.abc import Iterable
from typing import Any

from chatty.cli.errors import usage_error
from chatty.cli.session import Session
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import is_id

LAST = "last"
SHORTEST_PREFIX = 6
SHOWN_CHARACTERS = 13
"""How much of an id lists show: its millisecond."""


def short_id(full: str) -> str:
    """Return the part of an id that lists show."""
    return full[:SHOWN_CHARACTERS]


def conversation(session: Session, reference: str) -> dict[str, Any]:
    """Return the conversation that is meant.

    Raises:
        ProtocolError: ``not_found``; ``invalid_params/usage`` when several fit.
    """
    if reference == LAST:
        return last_conversation(session)
    if is_id(reference):
        found: dict[str, Any] = session.call("conversation.get", {"conversation_id": reference})[
            "conversation"
        ]
        return found
    return _only_match(_not_deleted(session), reference, "conversation")


def deleted_conversation_id(session: Session, reference: str) -> str:
    """Return the id of the deleted or archived conversation that is meant."""
    if reference == LAST:
        raise usage_error('"last" is a conversation that is there; name a deleted one by its id')
    if is_id(reference):
        return reference
    gone = (row for row in _every_changed(session) if row.get("deleted_at") or row.get("archived_at"))
    return str(_only_match(gone, reference, "deleted or archived conversation")["id"])


def deleted_conversations(session: Session) -> list[dict[str, Any]]:
    """Return the conversations whose deletion can be undone, the last one first."""
    # What was deleted for good is still listed, so that clients forget it; it has no messages any more.
    rows = [row for row in _every_changed(session) if row.get("deleted_at") and row["message_count"]]
    return sorted(rows, key=lambda row: str(row["deleted_at"]), reverse=True)


def last_conversation(session: Session) -> dict[str, Any]:
    """Return the conversation with the newest activity."""
    rows, _ = session.page("conversation.list", {}, limit=1)
    if not rows:
        raise ProtocolError("not_found", 'there is no conversation yet; start one with: chatty ask "hello"')
    return rows[0]


def project(session: Session, reference: str) -> dict[str, Any]:
    """Return the project of that name or id, archived or not."""
    return _named(projects(session), reference, "project", "chatty projects list")


def projects(session: Session) -> list[dict[str, Any]]:
    """Return all projects, the archived ones last."""
    return [*session.every("project.list", {}), *session.every("project.list", {"archived": True})]


def prompt(session: Session, reference: str, project_id: str | None = None) -> dict[str, Any]:
    """Return the prompt of that name or id, within a project if one is given."""
    params = {"project_id": project_id} if project_id else {}
    return _named(list(session.every("prompt.list", params)), reference, "prompt", "chatty prompts list")


def _every_changed(session: Session) -> Iterable[dict[str, Any]]:
    return session.every("conversation.list", {"updated_since": "1970-01-01T00:00:00.000Z"})


def _not_deleted(session: Session) -> Iterable[dict[str, Any]]:
    yield from session.every("conversation.list", {})
    yield from session.every("conversation.list", {"archived": True})


def _only_match(rows: Iterable[dict[str, Any]], prefix: str, noun: str) -> dict[str, Any]:
    if len(prefix) < SHORTEST_PREFIX:
        raise usage_error(
            f'"{prefix}" is too short for an id; give {SHORTEST_PREFIX} characters or more, or "last"'
        )
    matches = [row for row in rows if row["id"].startswith(prefix.lower())]
    if not matches:
        raise ProtocolError("not_found", f'there is no {noun} "{prefix}"; see: chatty chats list')
    if len(matches) > 1:
        raise usage_error(f'"{prefix}" fits {len(matches)} conversations; give more of the id')
    return matches[0]


def _named(rows: list[dict[str, Any]], reference: str, noun: str, listing: str) -> dict[str, Any]:
    matches = list({row["id"]: row for row in rows if reference in (row["name"], row["id"])}.values())
    if not matches:
        raise ProtocolError("not_found", f'there is no {noun} "{reference}"; see: {listing}')
    if len(matches) > 1:
        raise usage_error(
            f'"{reference}" names {len(matches)} {noun}s in different projects; '
            f"say which with --project NAME, or give its id, which {listing} --json shows"
        )
    return matches[0]
