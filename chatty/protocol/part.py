"""Parts: the typed pieces a message is made of. A part's index is its position.

The union is open: a client shows a placeholder for a type it does not know.
"""

from typing import Annotated, Literal

from pydantic import Field

from chatty.protocol.base import Id, JsonObject, Params, Result, WireModel

PartStatus = Literal["streaming", "completed"]


class TextPart(Params):
    """Text a person or a script sends."""

    type: Literal["text"] = "text"
    text: str
    name: Annotated[str, Field(max_length=1000)] | None = None
    """File name, when the text came from a file or from standard input."""


InputPart = TextPart
"""What ``message.send`` and ``message.edit`` accept today."""


class Part(WireModel):
    """One typed piece of a message, as stored and shown."""

    type: str
    """``text``, ``reasoning``, ``data``, ``error``; unknown types are shown as placeholders."""
    text: str = ""
    """Readable text. Offsets into it count Unicode code points."""
    name: str | None = None
    """File name of attached text."""
    status: str = "completed"
    """``streaming`` while a run writes it, then ``completed``."""
    g: int = 0
    """Generation: raised by one whenever the text so far was thrown away."""
    data: JsonObject | None = None
    """Type-specific facts."""


class PartReadParams(Params):
    """Read a stretch of a part: how a client fills a gap in deltas."""

    conversation_id: Id
    message_id: Id
    part: Annotated[int, Field(ge=0, le=4096)]
    """Index of the part."""
    from_: Annotated[int, Field(ge=0, alias="from")] = 0
    """First code point wanted."""
    limit: Annotated[int, Field(ge=1, le=65536)] = 65536
    """Code points at most."""


class PartReadResult(Result):
    """A stretch of a part and where it stands."""

    type: str
    text: str
    """The code points from ``from`` on."""
    len: int
    """Code points in the whole part at this moment."""
    g: int
    """Generation the text belongs to."""
    status: str
