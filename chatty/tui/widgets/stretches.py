"""Which messages of the path are at hand in a row: the newest ones, and those around a place one went to."""

from chatty.tui.state import OpenConversation


def newest_stretch(opened: OpenConversation) -> list[str]:
    """The end of the path, as far back as its messages are loaded without a gap."""
    path, messages = opened.path, opened.messages
    first = len(path)
    while first > 0 and path[first - 1] in messages:
        first -= 1
    return path[first:]


def stretch_around(opened: OpenConversation, message_id: str) -> list[str]:
    """The loaded messages before and behind this one without a gap; empty when it is not loaded itself."""
    path, messages = opened.path, opened.messages
    if message_id not in messages or message_id not in path:
        return []
    first = path.index(message_id)
    last = first + 1
    while first > 0 and path[first - 1] in messages:
        first -= 1
    while last < len(path) and path[last] in messages:
        last += 1
    return path[first:last]
