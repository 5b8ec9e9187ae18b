"""``chatty chats delete``: can be undone, unless it is asked to be for good."""

import os
from collections.abc import Iterable
from typing import Annotated

import typer

from chatty.cli import references
from chatty.cli.arguments import AsJson, Conversations, Yes
from chatty.cli.chats.changes import change_each
from chatty.cli.confirmation import confirm
from chatty.cli.session import Session
from chatty.client.draft_files import remove_drafts
from chatty.client.locations import Locations
from chatty.client.private import unusable

EXAMPLE = "chatty chats delete last"


def delete_chats(
    conversations: Conversations,
    for_good: Annotated[
        bool, typer.Option("--for-good", help="Remove the text at once; this cannot be undone.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete conversations. For a week this can be undone."""
    session = Session()
    found = [references.conversation(session, reference) for reference in conversations]
    if for_good:
        what = found[0]["title"] if len(found) == 1 else f"{len(found)} conversations"
        confirm("Remove {} for good?", what, is_given=yes)
    change_each(
        session,
        "conversation.delete",
        [one["id"] for one in found],
        "removed" if for_good else "deleted",
        undo=not for_good,
        as_json=as_json,
        params={"for_good": True} if for_good else {},
    )
    if for_good:
        _remove_drafts([one["id"] for one in found])


def _remove_drafts(conversation_ids: Iterable[str]) -> None:
    """Let what was begun there and not sent go, too."""
    drafts_dir = Locations.from_environment(os.environ).drafts_dir
    for conversation_id in conversation_ids:
        try:
            remove_drafts(drafts_dir, conversation_id)
        except OSError as error:
            raise unusable(drafts_dir, error) from error
