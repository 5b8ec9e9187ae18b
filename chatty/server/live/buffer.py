"""The text of one part while a run writes it.

Appending is a list append; nothing is joined until somebody needs it. The buffer outlives the part's
last event as long as a slow connection still has to read its tail from it.
"""

from typing import Final

import msgspec

_encode_text = msgspec.json.Encoder().encode


class PartBuffer:
    """A part in flight: its address, its generation, and its text so far. Offsets are code points."""

    __slots__ = (
        "_chunks",
        "_prefix",
        "base",
        "conversation_id",
        "g",
        "length",
        "message_id",
        "part",
        "type",
    )

    def __init__(
        self, conversation_id: str, message_id: str, part: int, part_type: str, *, text: str = "", g: int = 0
    ) -> None:
        self.conversation_id: Final = conversation_id
        self.message_id: Final = message_id
        self.part: Final = part
        self.type: Final = part_type
        self.g: Final = g
        self.base: Final = len(text)
        """Code points the part had when this run began to write: everybody has those already."""
        self.length = len(text)
        """Code points so far."""
        self._chunks = [text] if text else []
        self._prefix = b'{"jsonrpc":"2.0","method":"delta","params":{"c":%b,"m":%b,"p":%d,"o":' % (
            _encode_text(conversation_id),
            _encode_text(message_id),
            part,
        )

    def append(self, text: str) -> None:
        """Add text at the end."""
        self._chunks.append(text)
        self.length += len(text)

    def text(self) -> str:
        """Return the whole text. Joining is remembered, so asking again is cheap."""
        if len(self._chunks) > 1:
            self._chunks = ["".join(self._chunks)]
        return self._chunks[0] if self._chunks else ""

    def text_from(self, offset: int) -> str:
        """Return the text from a code point on; reads only as many chunks as it needs."""
        missing = self.length - offset
        if missing <= 0:
            return ""
        tail: list[str] = []
        for chunk in reversed(self._chunks):
            tail.append(chunk)
            missing -= len(chunk)
            if missing <= 0:
                break
        tail.reverse()
        joined = "".join(tail)
        return joined[len(joined) - (self.length - offset) :]

    def delta(self, offset: int, text: str) -> bytes:
        """Return the `delta` notification that carries `text` at `offset`, as JSON."""
        tail = b""
        if self.g:
            tail += b',"g":%d' % self.g
        if offset == 0 and self.type != "text":
            tail += b',"t":' + _encode_text(self.type)
        return self._prefix + b'%d,"d":' % offset + _encode_text(text) + tail + b"}}"
