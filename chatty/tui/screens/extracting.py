"""Code blocks and links of an answer, for copying and opening: those its renderer finds, and no others.

Renders the text when asked, keeps nothing.
"""

import asyncio
from typing import TYPE_CHECKING

from chatty.rendering.links import is_openable, open_url

if TYPE_CHECKING:
    from chatty.rendering.markdown import MarkdownStream
    from chatty.tui.screens.chat import ChatScreen


def code_blocks(text: str) -> list[str]:
    """The contents of the code blocks, in order."""
    return [block.text for block in _rendered(text).code_blocks()]


def links(text: str) -> list[str]:
    """The addresses that may be opened, each once, in order."""
    addresses = [link.href for link in _rendered(text).links()]
    return list(dict.fromkeys(filter(is_openable, addresses)))


def open_link(screen: "ChatScreen", href: str) -> None:
    """Open one of these links, and say so where nothing could open it; the screen does not wait."""

    async def opening() -> None:
        # Starting a browser can take seconds.
        if not await asyncio.to_thread(open_url, href):
            screen.say("no browser could be started: y copies the message")

    screen.run_worker(opening())


def _rendered(text: str) -> "MarkdownStream":
    # 45 ms to import: only when someone copies code or opens a link.
    from chatty.rendering.markdown import MarkdownStream

    stream = MarkdownStream(text)
    stream.finish()
    return stream
