"""How the files of unsent texts are named, and how those of a conversation that is gone for good go with it.

There is one per conversation and client, in a directory per server. What is in them is the full-screen
client's business.
"""

import glob
import os
from urllib.parse import quote


def draft_name(conversation_id: str, client_id: str) -> str:
    """Return the name of the file with a client's draft for a conversation."""
    return f"{quote(conversation_id, safe='')}@{quote(client_id, safe='')}.json"


def remove_drafts(drafts_dir: str, conversation_id: str) -> None:
    """Remove what was begun in a conversation and not sent, whichever client wrote it.

    Args:
        drafts_dir: ``Locations.drafts_dir``.
        conversation_id: whose drafts.

    Raises:
        OSError: a file cannot be removed.
    """
    of_any_client = f"{glob.escape(quote(conversation_id, safe=''))}@*.json"
    for path in glob.glob(os.path.join(glob.escape(drafts_dir), "*", of_any_client)):
        try:
            os.unlink(path)
        except FileNotFoundError:
            continue  # its client took it away meanwhile
