"""What every wire model shares.

Parameters refuse members they do not know; results and notifications tolerate them. Models are
strict (no ``false`` for ``0``) and built on first use, so importing the protocol stays cheap.
"""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chatty.protocol.ids import is_id


class WireModel(BaseModel):
    """A value that crosses the wire; unknown members are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", defer_build=True)


class Params(BaseModel):
    """Parameters of a request; unknown members are refused, so a typing error is never silence."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)


class Result(WireModel):
    """What a request answers."""


def _checked_id(value: str) -> str:
    if not is_id(value):
        raise ValueError("an id is a lower-case UUID of version 7")
    return value


_ID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

Id = Annotated[str, AfterValidator(_checked_id), Field(json_schema_extra={"pattern": _ID_PATTERN})]
"""An identifier minted by whoever creates the thing: a lower-case UUIDv7."""

Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339 in UTC with milliseconds, ending in ``Z``."""

JsonObject = dict[str, Any]
"""An object whose members this version of the protocol does not fix."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
"""A name people give: 1 to 200 characters."""

Cursor = Annotated[str, Field(max_length=1000)]
"""An opaque place in a list; good for the same list with the same filters, and refused by every other."""

PageSize = Annotated[int, Field(ge=1, le=200)]

ItemT = TypeVar("ItemT")


class Page(Result, Generic[ItemT]):
    """One page of a list."""

    items: list[ItemT]
    """The rows, in the order the operation promises."""
    next: str | None = None
    """Cursor of the next page; ``None`` on the last one."""


class Empty(Result):
    """Nothing to say beyond success."""
